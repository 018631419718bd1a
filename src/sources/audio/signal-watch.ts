import type { SignalStats, TroubleCode } from '../../contracts.js';

interface Check {
  readonly code: TroubleCode;
  readonly bad: (signal: SignalStats, silencePeak: number) => boolean;
  readonly says: (signal: SignalStats) => string;
}

/** Digital silence, not quiet: a live microphone beside a pump that is off still has noise in its last bits. */
const checks: readonly Check[] = [
  {
    code: 'silence',
    bad: (s, silencePeak) => s.peak <= silencePeak,
    says: () => 'nothing but zeros: muted, unplugged or the wrong channel',
  },
  {
    code: 'stuck',
    bad: (s, silencePeak) => s.peak > silencePeak && s.stuckShare > 0.99,
    says: (s) => `stuck at ${s.dc.toFixed(4)}, expected a changing signal`,
  },
  {
    code: 'clipping',
    bad: (s) => s.clippedShare > 0.05,
    says: (s) =>
      `${(100 * s.clippedShare).toFixed(0)} % of the samples are at full scale, expected under 5 %: lower the gain`,
  },
  {
    code: 'dc-offset',
    bad: (s) => Math.abs(s.dc) > 0.25 && s.stuckShare <= 0.99,
    says: (s) => `mean ${s.dc.toFixed(2)}, expected near 0`,
  },
  { code: 'not-finite', bad: (s) => s.nonFinite > 0, says: (s) => `${s.nonFinite} samples are not numbers` },
];

/** A fault that goes on is reported again after this long. */
const repeatSeconds = 60;

export interface SignalWatchOptions {
  /** A fault is reported when it has lasted this long. Default 10. */
  readonly holdSeconds?: number;
  /** Largest magnitude that still is digital silence: 0, or the dither of the program that made the samples. */
  readonly silencePeak?: number;
}

/**
 * Tells a broken sensor by its samples: a fault that lasts is reported, and again while it lasts. Counts in sound, not
 * in wall-clock time.
 */
export class SignalWatch {
  readonly #holdSeconds: number;
  readonly #silencePeak: number;
  readonly #lasted = new Map<TroubleCode, number>();
  readonly #dueAt = new Map<TroubleCode, number>();

  constructor({ holdSeconds = 10, silencePeak = 0 }: SignalWatchOptions = {}) {
    this.#silencePeak = silencePeak;
    this.#holdSeconds = holdSeconds;
  }

  /** @param seconds length of the sound that `signal` describes   @returns the faults to report now */
  add(signal: SignalStats, seconds: number): { code: TroubleCode; message: string }[] {
    const found = [];
    for (const { code, bad, says } of checks) {
      if (!bad(signal, this.#silencePeak)) {
        this.#lasted.delete(code);
        this.#dueAt.delete(code);
        continue;
      }
      const lasted = (this.#lasted.get(code) ?? 0) + seconds;
      this.#lasted.set(code, lasted);
      if (lasted < (this.#dueAt.get(code) ?? this.#holdSeconds)) continue;
      this.#dueAt.set(code, lasted + repeatSeconds);
      found.push({ code, message: `${says(signal)}, for ${Math.round(lasted)} s` });
    }
    return found;
  }
}
