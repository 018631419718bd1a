import { setTimeout as sleep } from 'node:timers/promises';
import { type AudioObservation, type Source, SourceError, type Trouble, type TroubleCode } from '../../contracts.js';
import { BackOff, type BackOffOptions } from '../back-off.js';
import { ObservationMaker } from './observation-maker.js';
import { PcmFramer } from './pcm-framer.js';
import { PcmProcess, type PcmProgram } from './pcm-process.js';
import { RateCheck } from './rate-check.js';
import { SignalWatch } from './signal-watch.js';
import type { PcmLayout } from './wav-header.js';

/** What every live source has. */
export interface LiveOptions {
  readonly feed: string;
  readonly machine: string;
  /** Counted from 0. Default 0. */
  readonly channel?: number;
  /** Samples an observation, at the rate of the observations. Default: 0.1 s. */
  readonly blockSamples?: number;
  /** No sound for this long: the program is killed and started again. Default 5. */
  readonly staleSeconds?: number;
  /** Samples that look broken (zeros, stuck, clipped) for this long are a trouble. Default 10. */
  readonly faultSeconds?: number;
  readonly backOff?: BackOffOptions;
}

export interface SupervisedOptions extends LiveOptions {
  /** For messages: "microphone plughw:CARD=Device". */
  readonly name: string;
  readonly origin: string;
  readonly start: () => PcmProgram;
  readonly layout: PcmLayout;
  /** Rate of the PCM, and of the observations. */
  readonly rateHz: number;
  readonly targetRateHz: number;
  readonly checkRate: boolean;
  /** Largest magnitude that is digital silence. Default 0. */
  readonly silencePeak?: number;
  /** True for a finite input: its end is the end of the stream, and a failure before any sound is thrown. */
  readonly finite: boolean;
  /** Name of the program, and what to do when it is not installed. */
  readonly program: string;
  readonly missing: string;
  /** What the program's last lines mean, in one line without secrets. */
  readonly explain: (lines: readonly string[]) => string;
}

type Item = AudioObservation | Trouble;
const overrunRepeatMs = 10_000;
const healthyMs = 10_000;

/**
 * PCM from a program that is watched: when it ends, hangs or is missing, the feed is down (a trouble at each attempt)
 * and the program is started again after a growing, jittered wait. Sound that was lost is a gap.
 */
export function supervisedSource(options: SupervisedOptions): Source {
  return { feed: options.feed, stream: (signal) => new Supervisor(options).run(signal) };
}

class Supervisor {
  readonly #options: SupervisedOptions;
  readonly #maker: ObservationMaker;
  readonly #backOff: BackOff;
  readonly #watch: SignalWatch;
  readonly #staleMs: number;
  #overrunToldAt = Number.NEGATIVE_INFINITY;
  #delivered = false;

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.#maker = new ObservationMaker(options);
    this.#backOff = new BackOff(options.backOff);
    this.#watch = new SignalWatch({ holdSeconds: options.faultSeconds, silencePeak: options.silencePeak });
    this.#staleMs = 1000 * (options.staleSeconds ?? 5);
  }

  async *run(signal: AbortSignal): AsyncGenerator<Item> {
    try {
      while (!signal.aborted) {
        const startedMs = performance.now();
        const failure = yield* this.#runOnce(signal);
        if (failure === null || signal.aborted) return;
        if (this.#options.finite && !this.#delivered) throw new SourceError(failure.message);
        if (performance.now() - startedMs > healthyMs + this.#staleMs) this.#backOff.reset();
        const waitMs = this.#backOff.next();
        const then = this.#options.finite ? '' : `; next try in ${(waitMs / 1000).toFixed(1)} s`;
        yield this.#trouble(failure.code, `${failure.message}${then}`, true);
        if (this.#options.finite) return;
        await sleep(waitMs, undefined, { signal }).catch(() => {});
      }
    } finally {
      this.#maker.close();
    }
  }

  /** One run of the program. @returns why it failed; null when a finite input ended well or the signal aborted */
  async *#runOnce(signal: AbortSignal): AsyncGenerator<Item, Failure | null> {
    const { rateHz, layout } = this.#options;
    const frameBytes = layout.channels * layout.sampleBytes;
    const framer = this.#framer();
    // Four seconds of sound wait for a slow reader, then the program does.
    const process = new PcmProcess(this.#options.start(), 4 * rateHz * frameBytes);
    const rate = this.#options.checkRate ? new RateCheck(rateHz) : null;
    let opened = false;
    try {
      for (;;) {
        const read = await process.read(this.#staleMs, signal);
        if (read.kind === 'aborted') return null;
        if (read.kind === 'stale') return this.#stale();
        if (read.kind === 'ended') {
          yield* this.#rest(framer, opened);
          return this.#ended(process);
        }
        const frames = read.bytes.length / frameBytes;
        const spanMs = (samples: number) => (samples * 1000) / rateHz;
        if (!opened) {
          const { origin } = this.#options;
          await this.#maker.open({ origin, rateHz, startMs: read.arrivedMs - spanMs(frames) });
          opened = true;
        }
        if (process.takeOverruns() > 0) {
          framer.drop();
          rate?.restart();
          this.#maker.lost(read.arrivedMs - spanMs(frames));
          yield* this.#overrun();
        }
        if (process.held) rate?.restart();
        const measuredHz = rate?.arrived(frames, performance.now()) ?? null;
        if (measuredHz !== null) yield this.#wrongRate(measuredHz);
        for (const block of framer.push(read.bytes)) {
          yield* this.#deliver(block, read.arrivedMs - spanMs(framer.pendingFrames));
          if (signal.aborted) return null;
        }
      }
    } finally {
      await process.stop();
    }
  }

  *#deliver(block: Float32Array, arrivedMs: number): Generator<Item> {
    const seconds = block.length / this.#options.rateHz;
    const observation = this.#maker.push(block, arrivedMs);
    if (observation === null) return;
    this.#delivered = true;
    yield observation;
    for (const { code, message } of this.#watch.add(observation.signal, seconds)) {
      yield this.#trouble(code, `${this.#options.name}: ${message}`, false);
    }
  }

  *#rest(framer: PcmFramer, opened: boolean): Generator<Item> {
    if (!opened) return;
    const block = framer.rest();
    if (block) yield* this.#deliver(block, Date.now());
    const tail = this.#maker.finish();
    if (tail) yield tail;
  }

  #framer(): PcmFramer {
    const { layout, channel, blockSamples, rateHz, targetRateHz, name } = this.#options;
    const blockFrames = Math.max(1, Math.round(((blockSamples ?? targetRateHz / 10) * rateHz) / targetRateHz));
    return new PcmFramer(layout, channel ?? 0, blockFrames, name);
  }

  #stale(): Failure {
    const { name, program } = this.#options;
    return { code: 'no-data', message: `${name}: no sound for ${this.#staleMs / 1000} s, ${program} was ended` };
  }

  #ended(process: PcmProcess): Failure | null {
    const { name, program, missing, explain, finite } = this.#options;
    if (process.failure?.code === 'ENOENT') return { code: 'device-gone', message: `${name}: ${missing}` };
    if (process.failure) return { code: 'device-gone', message: `${name}: ${program}: ${process.failure.message}` };
    if (finite && process.exitCode === 0 && this.#delivered) return null;
    const said = explain(process.lines);
    return { code: 'device-gone', message: `${name}: ${program} ${process.outcome}${said ? `: ${said}` : ''}` };
  }

  *#overrun(): Generator<Trouble> {
    const now = performance.now();
    if (now - this.#overrunToldAt < overrunRepeatMs) return;
    this.#overrunToldAt = now;
    const { name, program } = this.#options;
    yield this.#trouble(
      'overrun',
      `${name}: ${program} reports an overrun: sound was lost, the machine is too busy`,
      false,
    );
  }

  #wrongRate(measuredHz: number): Trouble {
    const { name, rateHz } = this.#options;
    return this.#trouble(
      'wrong-rate',
      `${name}: sample rate: expected ${rateHz} Hz, measured ${Math.round(measuredHz)} Hz`,
      false,
    );
  }

  #trouble(code: TroubleCode, message: string, down: boolean): Trouble {
    const { feed, machine } = this.#options;
    return { kind: 'trouble', feed, machine, code, atMs: Date.now(), message, down };
  }
}

interface Failure {
  readonly code: TroubleCode;
  readonly message: string;
}
