import { describe, expect, it } from 'vitest';
import type { Event, EventChange, MachineState, Source, Verdict } from '../../src/contracts.js';
import { FeedModel, type FeedSettings } from '../../src/monitoring/feed-model.js';
import { FeedMonitor } from '../../src/monitoring/feed-monitor.js';
import { wavFileSource } from '../../src/sources/audio/index.js';
import { model, sound } from '../support/service.js';

const budget = { falseAlarms: 1, perMs: 3_600_000 };
const settings = { feed: 'pump', machine: 'pump', budget, warmUpMs: 2_000 };
const signal = new AbortController().signal;
const open = (name: string, told: Partial<FeedSettings> = {}) =>
  FeedModel.open(model(name), { ...settings, ...told }, { open: [] }, {});

/** Half a minute of one contiguous sound in odd blocks; `at` is called before a block. */
function playing(clips: readonly string[], at: (block: number) => void): Source {
  const files = clips.map((clip) => sound(`${clip}.wav`));
  const whole = wavFileSource({
    feed: 'pump',
    machine: 'pump',
    files,
    targetRateHz: 16_000,
    startMs: 0,
    blockSamples: 1_607,
  });
  return {
    feed: 'pump',
    async *stream(until) {
      let block = 0;
      for await (const item of whole.stream(until)) {
        at(block++);
        yield item.kind === 'audio' ? { ...item, gap: block === 1 } : item;
      }
    },
  };
}

interface Told {
  readonly first?: string;
  readonly told?: Partial<FeedSettings>;
  /** A topic says before this block that the machine is off. */
  readonly offAt?: number;
}

/** Verdicts and events of a run in which other models take over before the blocks named. */
async function run(
  clips: readonly string[],
  switches: Readonly<Record<number, string>> = {},
  { first = 'pump-00', told = {}, offAt }: Told = {},
) {
  const verdicts: Verdict[] = [];
  const events: { event: Event; change: EventChange }[] = [];
  const states: MachineState[] = [];
  const taken: Promise<void>[] = [];
  const models = new Map<number, FeedModel>();
  for (const [block, name] of Object.entries(switches)) models.set(Number(block), await open(name, told));
  const monitor = new FeedMonitor(
    {
      ...{ feed: 'pump', machine: 'pump', sinks: [], messages: () => [], log: () => {}, open: [] },
      onState: (_, state) => void states.push(state),
      ...{ spectrogram: null, clips: null, configDigest: '', clock: null },
      store: {
        recordEvent: (event, change) => {
          events.push({ event, change });
          return 'stored';
        },
        event: () => null,
        addVerdict: (verdict) => void verdicts.push(verdict),
        saveClip: () => Promise.resolve(null),
      },
      source: playing(clips, (block) => {
        if (block === offAt) void monitor.operating(false, 100 * block);
        const next = models.get(block);
        if (next) taken.push(monitor.useModel(next, signal));
      }),
    },
    await open(first, told),
  );
  await monitor.run(signal);
  await Promise.all(taken);
  await monitor.close();
  return { verdicts, events, states, digest: monitor.model.digest, state: monitor.state, open: monitor.openEvents };
}

const normal = ['pump-00-normal', 'pump-00-normal', 'pump-00-normal'];

describe('switching to another model', () => {
  it('loses no window and scores none twice: with the same model, not a bit of any verdict is another', async () => {
    const { verdicts: whole } = await run(normal);
    const { verdicts } = await run(normal, { 73: 'pump-00' });
    expect(whole.length).toBeGreaterThan(55);
    const told = (list: Verdict[]) => list.map(({ sequence: _, long: __, ...verdict }) => verdict);
    expect(told(verdicts)).toEqual(told(whole));
  });

  it('keeps the grid of the windows with a model of another machine, which then judges at once', async () => {
    const { verdicts: whole } = await run(normal);
    const { verdicts, digest } = await run(normal, { 73: 'pump-04' });
    expect(verdicts.map(({ startMs, endMs }) => [startMs, endMs])).toEqual(
      whole.map(({ startMs, endMs }) => [startMs, endMs]),
    );
    const seam = verdicts.findIndex(({ score }, i) => score !== whole[i]?.score);
    expect(verdicts[seam]?.startMs).toBeGreaterThan(7_300);
    expect(verdicts[seam]?.startMs).toBeLessThan(15_000);
    expect(verdicts.slice(seam).every(({ operating }) => operating === 'running')).toBe(true);
    expect(digest).not.toBe('');
    expect(new Set(verdicts.slice(seam).map(({ threshold }) => threshold)).size).toBe(1);
  });

  it('carries an open event over: it is raised once and cleared once', async () => {
    const clips = ['pump-00-normal', 'pump-00-abnormal', 'pump-00-normal', 'pump-00-normal'];
    const { events } = await run(clips, { 130: 'pump-00' });
    expect(new Set(events.map(({ event }) => event.id)).size).toBe(1);
    expect(events.map(({ change }) => change).filter((change) => change !== 'updated')).toEqual(['raised', 'cleared']);
  });

  it('is in no other state between two models', async () => {
    const { states } = await run(['pump-00-normal', 'pump-00-abnormal', 'pump-00-abnormal'], { 160: 'pump-00' });
    expect(states).toEqual(['normal', 'anomalous']);
  });

  it('goes on with the cooldown of what the old model has cleared', async () => {
    const clips = ['pump-00-normal', 'pump-00-abnormal', 'pump-00-normal', 'pump-00-abnormal'];
    const { events } = await run(clips, { 215: 'pump-00' }, { told: { cooldownMs: 60_000 } });
    expect(events.map(({ change }) => change).filter((change) => change !== 'updated')).toEqual(['raised', 'cleared']);
  });

  it('ends what only the old model has raised, and raises what comes after', async () => {
    const clips = ['pump-00-normal', 'pump-00-normal', 'pump-00-abnormal', 'pump-00-abnormal'];
    // The model of another pump takes this one's normal sound for a fault while the right one listens along.
    const { events } = await run(clips, { 25: 'pump-00' }, { first: 'pump-04', told: { cooldownMs: 0 } });
    const told = events.filter(({ change }) => change !== 'updated').map(({ change, event }) => [change, event.id]);
    const [ours, theirs] = [...new Set(told.map(([, id]) => id))];
    expect(told).toEqual([
      ['raised', ours],
      ['cleared', ours],
      ['raised', theirs],
    ]);
    expect(events.at(-1)?.event.raisedMs).toBeGreaterThan(20_000);
  });

  it('tells the new model that the machine is off', async () => {
    const clips = ['pump-00-abnormal', 'pump-00-abnormal', 'pump-00-abnormal'];
    const { events, state } = await run(clips, { 50: 'pump-00' }, { told: { operating: 'topic' }, offAt: 10 });
    expect([events, state]).toEqual([[], 'off']);
  });

  it('takes the last of two models that are given one after the other', async () => {
    const { verdicts: whole } = await run(normal);
    const { verdicts } = await run(normal, { 40: 'pump-04', 160: 'pump-00' });
    expect(verdicts.length).toBe(whole.length);
    expect(verdicts.slice(-8).map(({ score }) => score)).toEqual(whole.slice(-8).map(({ score }) => score));
  });
});
