/**
 * Ways of looking at a picture of sound, each with its own DAGMM.
 * Legend: N windows, F frames, B bands, C cuts of one window, W numbers of one cut.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type DagmmSettings, settingsFor } from '../recipes.js';
import type { EnsembleSettings } from './settings.js';

export interface View {
  readonly cuts: number;
  readonly width: number;
  /** Windows (N, F·B) → cuts (N·C, W), window by window. */
  readonly cut: (windows: tf.Tensor2D) => tf.Tensor2D;
  /** Mixtures that judge a cut. */
  readonly mixtures: readonly MixtureKind[];
  /** How the DAGMM learns so many cuts. */
  readonly learning: (rows: number) => DagmmSettings;
}

/** Of the DAGMM's z, or of z and the whole row beside it. */
export type MixtureKind = 'latent' | 'wide';

export interface PictureSize {
  readonly frames: number;
  readonly bands: number;
}

/** Stacks of some lengths, and stretches of some lengths pooled over time; those that fit into a window. */
export function viewsOf(size: PictureSize, settings: EnsembleSettings): View[] {
  const { stackFrames, stackAxes, pooledFrames, pooledHops } = settings;
  const fits = (frames: number): boolean => frames <= size.frames;
  return [
    ...stackFrames.flatMap((frames, i) =>
      fits(frames) ? [stackView(size, frames, stackAxes[i] ?? 64, settings)] : [],
    ),
    ...pooledFrames.flatMap((frames, i) =>
      frames > 2 && fits(frames) ? [pooledView(size, frames, pooledHops[i] ?? frames, settings)] : [],
    ),
  ];
}

/**
 * Stacks of frames beside each other, once from the first frame and once from half a stack later: a fifth of all stacks
 * says nearly what all of them say.
 */
function stackView({ frames, bands }: PictureSize, stack: number, axes: number, { members }: EnsembleSettings): View {
  const starts = stack > 1 ? [0, stack >> 1] : [0];
  const counts = starts.map((start) => Math.floor((frames - start) / stack));
  const cuts = counts.reduce((sum, count) => sum + count, 0);
  const width = stack * bands;
  return {
    cuts,
    width,
    cut: (windows) => {
      const [n] = windows.shape;
      const parts = starts.map((start, i) => tf.slice(windows, [0, start * bands], [n, (counts[i] as number) * width]));
      return tf.reshape(tf.concat(parts, 1), [n * cuts, width]);
    },
    mixtures: ['latent', 'wide'],
    learning: (rows) => ({ ...settingsFor('mel-frames', 'robust', rows, width), ...whitenedTo(axes), members }),
  };
}

/** Keeps the logarithm of a deviation finite: bands of digital silence do not move. */
const LEAST_DEVIATION_DB = 0.1;

/** Stretches every few frames: mean, log deviation, and log deviation of the change from frame to frame, of each band. */
function pooledView({ frames, bands }: PictureSize, length: number, hop: number, settings: EnsembleSettings): View {
  const { pooledAxes, members } = settings;
  const starts = startsOf(frames - length, hop);
  const width = 3 * bands;
  return {
    cuts: starts.length,
    width,
    cut: (windows) => {
      const [n] = windows.shape;
      const parts = starts.map((start) => {
        const flat = tf.slice(windows, [0, start * bands], [n, length * bands]);
        return pooled(tf.reshape(flat, [n, length, bands]));
      });
      return tf.reshape(tf.concat(parts, 1), [n * starts.length, width]);
    },
    mixtures: ['wide'],
    learning: (rows) => ({ ...settingsFor('mel-flat', 'robust', rows, width), ...whitenedTo(pooledAxes), members }),
  };
}

function startsOf(last: number, hop: number): number[] {
  return Array.from({ length: Math.floor(last / hop) + 1 }, (_, i) => i * hop);
}

const whitenedTo = (whitenTo: number): Partial<DagmmSettings> => ({ whitenTo, whitenAboveWidth: 0 });

/** (N, L, B) → (N, 3·B) */
function pooled(stretch: tf.Tensor3D): tf.Tensor2D {
  const [n, length, bands] = stretch.shape;
  const later = tf.slice(stretch, [0, 1, 0], [n, length - 1, bands]);
  const earlier = tf.slice(stretch, [0, 0, 0], [n, length - 1, bands]);
  const change = tf.sub(later, earlier);
  return tf.concat([tf.mean(stretch, 1), logDeviation(stretch), logDeviation(change)], 1) as tf.Tensor2D;
}

/** (N, L, B) → (N, B), log of dB */
function logDeviation(values: tf.Tensor): tf.Tensor {
  const variance = tf.mean(tf.square(tf.sub(values, tf.mean(values, 1, true))), 1);
  return tf.log(tf.add(tf.sqrt(tf.add(variance, 1e-6)), LEAST_DEVIATION_DB));
}
