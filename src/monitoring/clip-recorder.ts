/**
 * The sound around an event. Keeps the last `beforeMs` of a feed as 16-bit samples; while an event is open, it keeps on
 * collecting until `afterMs` past its end or `maxMs` in all. Memory: 32 kB a second at 16 kHz.
 */

export interface ClipRecorderOptions {
  readonly sampleRateHz: number;
  readonly beforeMs: number;
  readonly afterMs: number;
  /** Longest clip. */
  readonly maxMs: number;
}

/** 16-bit mono PCM. */
export interface Clip {
  readonly samples: Int16Array;
  readonly sampleRateHz: number;
  readonly startMs: number;
}

interface Block {
  readonly samples: Int16Array;
  readonly startMs: number;
  readonly endMs: number;
}

interface Take {
  readonly eventId: string;
  readonly fromMs: number;
  /** When the take is complete; moves to the event's end + afterMs once that is known. */
  untilMs: number;
}

/** A window is judged up to this long after its end: blocks of observations are up to a second long. */
const lateMs = 2_000;

export class ClipRecorder {
  readonly #options: ClipRecorderOptions;
  readonly #blocks: Block[] = [];
  readonly #takes = new Map<string, Take>();

  constructor(options: ClipRecorderOptions) {
    this.#options = options;
  }

  /** Adds samples (−1…1) and returns the clips that are complete now. */
  push(samples: Float32Array, startMs: number, endMs: number): { eventId: string; clip: Clip }[] {
    this.#blocks.push({ samples: toInt16(samples), startMs, endMs });
    const done = [...this.#takes.values()].filter((take) => take.untilMs <= endMs);
    const clips = done.map((take) => ({ eventId: take.eventId, clip: this.#cut(take.fromMs, take.untilMs) }));
    for (const take of done) this.#takes.delete(take.eventId);
    this.#forget(endMs);
    return clips;
  }

  /** Starts keeping an event's sound and returns what there is of it already. */
  begin(eventId: string, raisedMs: number): Clip {
    const fromMs = raisedMs - this.#options.beforeMs;
    this.#takes.set(eventId, { eventId, fromMs, untilMs: fromMs + this.#options.maxMs });
    return this.#cut(fromMs, Number.POSITIVE_INFINITY);
  }

  /** The event is over: its clip is complete `afterMs` from here. */
  end(eventId: string, clearedMs: number): void {
    const take = this.#takes.get(eventId);
    if (take) take.untilMs = Math.min(take.untilMs, clearedMs + this.#options.afterMs);
  }

  /** What there is of every unfinished clip; for shutting down. */
  finish(): { eventId: string; clip: Clip }[] {
    const clips = [...this.#takes.values()].map((t) => ({ eventId: t.eventId, clip: this.#cut(t.fromMs, t.untilMs) }));
    this.#takes.clear();
    return clips;
  }

  #forget(nowMs: number): void {
    const oldest = Math.min(nowMs - this.#options.beforeMs - lateMs, ...[...this.#takes.values()].map((t) => t.fromMs));
    const keep = this.#blocks.findIndex((block) => block.endMs > oldest);
    this.#blocks.splice(0, keep < 0 ? this.#blocks.length : keep);
  }

  #cut(fromMs: number, untilMs: number): Clip {
    const parts = this.#blocks
      .filter((b) => b.endMs > fromMs && b.startMs < untilMs)
      .map((b) => this.#part(b, fromMs, untilMs));
    const samples = new Int16Array(parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const part of parts) {
      samples.set(part, at);
      at += part.length;
    }
    const first = this.#blocks.find((b) => b.endMs > fromMs);
    return { samples, sampleRateHz: this.#options.sampleRateHz, startMs: Math.max(fromMs, first?.startMs ?? fromMs) };
  }

  #part({ samples, startMs }: Block, fromMs: number, untilMs: number): Int16Array {
    const at = (ms: number) => Math.round(((ms - startMs) / 1000) * this.#options.sampleRateHz);
    return samples.subarray(
      Math.max(0, at(fromMs)),
      Math.max(0, Math.min(samples.length, at(Math.min(untilMs, startMs + 1e9)))),
    );
  }
}

/** −1…1 → 16 bit, rounded and limited. */
function toInt16(samples: Float32Array): Int16Array {
  const out = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++)
    out[i] = Math.max(-32768, Math.min(32767, Math.round((samples[i] ?? 0) * 32768)));
  return out;
}
