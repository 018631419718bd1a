/** The rows that a machine's training clips give, as commissioning would learn them, in bounded memory. */

import type { Segment } from '../../commissioning/hold-out.js';
import { uniqueRows, windowsLearnt } from '../../commissioning/hold-out.js';
import type { AudioFeatureSpec } from '../../contracts.js';
import { Scratch } from '../../features/scratch.js';
import { hopMs, rowsPerWindow, rowWidth, windowMs } from '../../features/spec-sizes.js';
import { type HeardClip, heardSamples, type WindowRows, windowsIn, windowsOf } from './clip-windows.js';
import type { KnownClip } from './sound-job.js';

/** What is learnt of each clip. */
export interface LearningPlan {
  /** Windows of each clip, and how many of them from its start are learnt. */
  readonly windows: readonly number[];
  readonly learnt: readonly number[];
  /** Rows of each clip. */
  readonly rows: readonly number[];
  readonly total: number;
  /** Places of the clips that are held out as a whole. */
  readonly heldOut: readonly number[];
}

/** What is learnt and held out as commissioning would. */
export function planLearning(clips: readonly KnownClip[], spec: AudioFeatureSpec): LearningPlan {
  const windows = clips.map((clip) => windowsIn(heardSamples(clip, spec), spec, spec.hopFrames));
  const counted = new Map<string, number>();
  const rowsOf = (clip: number, until: number): number => {
    const count = windows[clip] ?? 0;
    const key = `${count} ${until}`;
    const known = counted.get(key) ?? countRows(count, until, spec);
    counted.set(key, known);
    return known;
  };
  const learnt = windowsLearnt(windows, rowsOf);
  const rows = learnt.map((until, clip) => rowsOf(clip, until));
  return {
    ...{ windows, learnt, rows },
    total: rows.reduce((sum, n) => sum + n, 0),
    heldOut: learnt.flatMap((until, i) => (until === 0 ? [i] : [])),
  };
}

/** Counted on windows that all are the same zeros. */
function countRows(windows: number, until: number, spec: AudioFeatureSpec): number {
  const width = rowWidth(spec);
  const data = new Float32Array(rowsPerWindow(spec) * width);
  const rows = Array.from({ length: windows }, (): WindowRows => ({ data, shape: [rowsPerWindow(spec), width] }));
  return uniqueRows(segmentOf(rows, spec), until, spec).reduce((sum, part) => sum + part.length / width, 0);
}

function segmentOf(windows: readonly WindowRows[], spec: AudioFeatureSpec): Segment {
  return {
    name: '',
    windows: windows.map(({ data, shape }, sequence) => {
      const startMs = Math.round(sequence * hopMs(spec));
      return { data, shape, origin: '', sequence, startMs, endMs: Math.round(sequence * hopMs(spec) + windowMs(spec)) };
    }),
  };
}

/** Gathers rows of clip after clip; of more than fit, evenly spaced ones. */
export class TrainingRows {
  readonly data: Float32Array;
  readonly width: number;
  readonly #scratch = new Scratch();
  #seen = 0;
  #kept = 0;

  constructor(
    private readonly plan: LearningPlan,
    private readonly spec: AudioFeatureSpec,
    mostBytes: number,
  ) {
    this.width = rowWidth(spec);
    const most = Math.max(1, Math.floor(mostBytes / (4 * this.width)));
    this.data = new Float32Array(Math.min(plan.total, most) * this.width);
  }

  get rows(): number {
    return this.data.length / this.width;
  }

  /** @param clip place among the training clips; they come in order */
  add(clip: number, heard: HeardClip): void {
    const { spec, plan } = this;
    const windows = windowsOf(spec, spec.hopFrames, heard, [0, plan.windows[clip] ?? 0], this.#scratch);
    const segment = segmentOf(windows, spec);
    for (const part of uniqueRows(segment, plan.learnt[clip] ?? 0, spec)) this.#addRows(part);
  }

  #addRows(part: Float32Array): void {
    const { rows, width, plan } = this;
    if (rows === plan.total) {
      this.data.set(part, this.#kept * width);
      this.#kept += part.length / width;
      return;
    }
    for (let at = 0; at < part.length; at += width, this.#seen++) {
      if (Math.floor(((this.#seen + 1) * rows) / plan.total) === this.#kept) continue;
      this.data.set(part.subarray(at, at + width), this.#kept++ * width);
    }
  }
}
