import type { MelSpec } from '../contracts.js';

const HZ_PER_MEL = 200 / 3;
const BREAK_HZ = 1000;
const BREAK_MEL = BREAK_HZ / HZ_PER_MEL;
const LOG_STEP = Math.log(6.4) / 27;

/** Slaney's auditory scale: linear below 1 kHz, logarithmic above. Auditory Toolbox, 1998; librosa's `htk=False`. */
export function hzToMel(hz: number): number {
  return hz < BREAK_HZ ? hz / HZ_PER_MEL : BREAK_MEL + Math.log(hz / BREAK_HZ) / LOG_STEP;
}

/** The inverse of {@link hzToMel}. */
export function melToHz(mel: number): number {
  return mel < BREAK_MEL ? mel * HZ_PER_MEL : BREAK_HZ * Math.exp(LOG_STEP * (mel - BREAK_MEL));
}

/** The melBands + 2 corners of the triangles, Hz: band b rises from corner b to b + 1 and falls to b + 2. */
export function melCornersHz(mel: MelSpec): Float64Array {
  const top = hzToMel(mel.sampleRateHz / 2);
  return Float64Array.from({ length: mel.melBands + 2 }, (_, i) => melToHz((top * i) / (mel.melBands + 1)));
}

/**
 * The triangular filterbank, stored by bin: between two corners a bin lies on the rising side of one band and the
 * falling side of the band below, so two weights a bin say everything.
 */
export interface MelFilters {
  /** (fftSize / 2) weight of bin k in the band that rises there. Bin 0 and the Nyquist bin weigh nothing. */
  readonly rise: Float32Array;
  /** (fftSize / 2) weight of bin k in the band that falls there. */
  readonly fall: Float32Array;
  /** (melBands + 1) first bin beyond the stretch between corner b and b + 1. */
  readonly stretchEnd: Int32Array;
  /** (melBands) 1 / the scale of each triangle: Σ band · perArea is the power of all bins. */
  readonly perArea: Float64Array;
  readonly binWidthHz: number;
}

/** Area-normalised triangles (each scaled by 2 / its width in Hz), corners from 0 Hz to half the sample rate. */
export function melFilters(mel: MelSpec): MelFilters {
  const { melBands, fftSize, sampleRateHz } = mel;
  const corners = melCornersHz(mel);
  const corner = (i: number): number => corners[i] ?? 0;
  const area = (band: number): number => (band < 0 || band >= melBands ? 0 : 2 / (corner(band + 2) - corner(band)));
  const bins = fftSize / 2;
  const filters = {
    rise: new Float32Array(bins),
    fall: new Float32Array(bins),
    stretchEnd: new Int32Array(melBands + 1),
    perArea: Float64Array.from({ length: melBands }, (_, band) => 1 / area(band)),
    binWidthHz: sampleRateHz / fftSize,
  };
  let bin = 1;
  for (let stretch = 0; stretch <= melBands; stretch++) {
    const from = corner(stretch);
    const to = corner(stretch + 1);
    for (; bin < bins && (bin * sampleRateHz) / fftSize < to; bin++) {
      const share = ((bin * sampleRateHz) / fftSize - from) / (to - from);
      filters.rise[bin] = share * area(stretch);
      filters.fall[bin] = (1 - share) * area(stretch - 1);
    }
    filters.stretchEnd[stretch] = bin;
  }
  return filters;
}

/** "250–310 Hz" for each band, from where it begins to where it ends. */
export function bandLabels(mel: MelSpec): string[] {
  const corners = melCornersHz(mel);
  const hz = (i: number): string => String(Math.round(corners[i] ?? 0));
  return Array.from({ length: mel.melBands }, (_, band) => `${hz(band)}–${hz(band + 2)} Hz`);
}

/** The middle of each band, Hz. */
export function bandCentresHz(mel: MelSpec): Float64Array {
  return melCornersHz(mel).slice(1, -1);
}
