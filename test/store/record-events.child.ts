/** Raises and clears events as fast as it can until it is killed. Arguments: folder, name of the run. */
import { join } from 'node:path';
import type { Event } from '../../src/contracts.js';
import { openStore } from '../../src/store/index.js';

const [folder = '.', run = ''] = process.argv.slice(2);
const store = openStore({
  path: join(folder, 'auscult.db'),
  clipDir: join(folder, 'clips'),
  reserveBytes: 0,
  flushMs: 20,
});

const message = (event: Event, change: string) => ({
  kind: 'alert' as const,
  topic: 'auscult/site/pump/event',
  payload: JSON.stringify({ id: event.id, change }),
  qos: 1 as const,
  retain: false,
  createdMs: event.raisedMs,
});

function raiseAndClear(count: number): void {
  const event: Event = {
    id: `${run}-${count}`,
    kind: 'anomaly',
    code: null,
    feed: 'pump-00',
    machine: 'pump',
    raisedMs: count,
    clearedMs: null,
    acknowledgedMs: null,
    peak: 1,
    peakMs: count,
    threshold: 1,
    pValue: 1,
    words: 'x'.repeat(200),
    contribution: null,
    clip: null,
    modelDigest: '',
    configDigest: '',
    label: null,
  };
  store.recordEvent(event, 'raised', [message(event, 'raised')]);
  const cleared = { ...event, clearedMs: count + 1 };
  store.recordEvent(cleared, 'cleared', [message(cleared, 'cleared')]);
  if (count % 3 === 0)
    void store.saveClip({
      data: Buffer.from(event.id.repeat(500)),
      type: 'audio/wav',
      createdMs: count,
      eventId: event.id,
    });
}

let count = 0;
function loop(): void {
  for (let i = 0; i < 20; i++) raiseAndClear(count++);
  if (count === 20) process.stdout.write('under way\n');
  setImmediate(loop);
}
loop();
