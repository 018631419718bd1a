import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuscultError, type Command, type Event, type MelSpec, type Verdict } from '../../src/contracts.js';
import { type HttpSink, type HttpSinkOptions, openHttpSink } from '../../src/sinks/http/index.js';
import { openStore, type Store } from '../../src/store/index.js';

export const MEL: MelSpec = { sampleRateHz: 16_000, fftSize: 1024, hopSamples: 512, melBands: 64 };
const THRESHOLD = 24;

/** Two pumps as the dashboard sees them: a real store and a real sink, with made-up scores and pictures. */
export class SimulatedPlant {
  readonly commands: Command[] = [];
  private frame = 0;

  private constructor(
    readonly store: Store,
    readonly sink: HttpSink,
    private readonly folder: string,
  ) {}

  static async open(options: Partial<HttpSinkOptions> = {}): Promise<SimulatedPlant> {
    const folder = await mkdtemp(join(tmpdir(), 'auscult-page-'));
    const store = openStore({ path: join(folder, 'auscult.db'), clipDir: join(folder, 'clips'), flushMs: 0 });
    const self: { plant?: SimulatedPlant } = {};
    const sink = await openHttpSink({
      host: '127.0.0.1',
      port: 0,
      credentials: null,
      site: 'Pump house',
      version: '0.1.0',
      feeds: [
        { feed: 'pump-00', machine: 'pump-00', modality: 'audio', mel: MEL },
        { feed: 'pump-04', machine: 'pump-04', modality: 'audio', mel: MEL },
      ],
      data: store,
      health: () => [{ name: 'store', ok: true, detail: 'writing' }],
      ...options,
      commands: async (command) => self.plant?.apply(command) ?? 'not ready',
    });
    self.plant = new SimulatedPlant(store, sink, folder);
    return self.plant;
  }

  async close(): Promise<void> {
    await this.sink.close();
    await this.store.close();
    await rm(this.folder, { recursive: true });
  }

  /** Does to the store what the service would, and tells the page. */
  private apply(command: Command): string {
    this.commands.push(command);
    const atMs = Date.now();
    if (command.command === 'acknowledge' && command.eventId) {
      this.tell(this.store.acknowledge(command.eventId, atMs), 'no such event');
    } else if (command.command === 'label') {
      this.tell(this.store.label({ ...command, atMs }), 'no such event');
    } else if (command.command === 'mute') {
      this.sink.state(command.machine, command.minutes > 0 ? 'muted' : 'normal', atMs);
    }
    return `${command.command}: done`;
  }

  private tell(event: Event | null, problem: string): void {
    if (!event) throw new AuscultError(problem);
    this.sink.event(event, 'updated');
  }

  /** Scores of the last `minutes`, as the store would remember them. */
  rememberScores(feed: string, minutes: number, statistic: (secondsAgo: number) => number): void {
    const nowMs = Date.now();
    for (let ago = minutes * 60; ago > 0; ago--)
      this.store.addVerdict(verdict(feed, nowMs - ago * 1000, statistic(ago)));
    this.store.flush();
  }

  score(feed: string, statistic: number): void {
    this.sink.verdict(verdict(feed, Date.now(), statistic));
  }

  /** Half a second of hum with overtones; `whine` adds a tone where there was none. */
  hum(feed: string, whine: boolean, startMs = Date.now()): void {
    const frames = 16;
    const data = Float32Array.from({ length: frames * 64 }, (_, index) => {
      const band = index % 64;
      const time = this.frame + Math.floor(index / 64);
      const tone = [6, 13, 21].reduce(
        (sum, centre, rank) => sum + (22 - rank * 6) * Math.exp(-(((band - centre) / 1.4) ** 2)),
        0,
      );
      const fault = whine ? 24 * Math.exp(-(((band - 47) / 1.8) ** 2)) * (0.7 + 0.3 * Math.sin(time / 3)) : 0;
      return -52 - band * 0.22 + tone + fault + 3 * Math.sin(time / 11) + 5 * (Math.random() - 0.5);
    });
    this.frame += frames;
    this.sink.spectrogram(feed, { data, frames, bands: 64, startMs });
  }

  /** Stores an event with a real recording, and tells the page when asked to. */
  async raise(over: Partial<Event> = {}, tell = true): Promise<Event> {
    const wav = await readFile(new URL('../../models/demo-sound/pump-00-abnormal.wav', import.meta.url));
    const event: Event = {
      ...ANOMALY,
      id: randomUUID(),
      raisedMs: Date.now() - 4_000,
      peakMs: Date.now() - 2_000,
      ...over,
    };
    this.store.recordEvent(event, 'raised', []);
    const clip = await this.store.saveClip({ data: wav, type: 'audio/wav', createdMs: Date.now(), eventId: event.id });
    const stored = { ...event, clip };
    if (tell) {
      this.sink.event(stored, 'raised');
      this.sink.state(event.machine, event.kind === 'sensor-fault' ? 'sensor-fault' : 'anomalous', event.raisedMs);
    }
    return stored;
  }
}

export function verdict(feed: string, endMs: number, statistic: number): Verdict {
  return {
    feed,
    machine: feed,
    sequence: 0,
    startMs: endMs - 1_000,
    endMs,
    score: statistic,
    statistic,
    threshold: THRESHOLD,
    clearBelow: 15,
    pValue: statistic > THRESHOLD ? 0.0004 : 0.43,
    long: null,
    operating: 'running',
    state: statistic > THRESHOLD ? 'anomalous' : 'normal',
  };
}

const bands = Array.from({ length: 16 }, (_, index) => `${index * 500}–${(index + 1) * 500} Hz`);

export const ANOMALY: Event = {
  id: '00000000-0000-4000-8000-000000000000',
  kind: 'anomaly',
  code: null,
  feed: 'pump-00',
  machine: 'pump-00',
  raisedMs: 0,
  clearedMs: null,
  acknowledgedMs: null,
  peak: 61.4,
  peakMs: 0,
  threshold: THRESHOLD,
  pValue: 0.0004,
  words: 'Louder by 6 dB; energy moved from 300 Hz to 2.1 kHz.',
  contribution: {
    energy: 61.4,
    axes: [
      { axis: 'band', labels: bands, values: [2, 3, 5, 9, 26, 14, 6, 4, 3, 2, 2, 1, 1, 1, 0.5, 0.4] },
      { axis: 'second', labels: ['0.0 s', '0.2 s', '0.4 s', '0.6 s', '0.8 s'], values: [4, 9, 22, 18, 8] },
    ],
  },
  clip: null,
  modelDigest: '5d2f1f0c9d3b7a64c1b2a0e4f8896a17b5c3d2e1f00918273645546372819aab',
  configDigest: 'a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90',
  label: null,
};
