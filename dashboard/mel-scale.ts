/**
 * Slaney's mel scale, which the features use: linear below 1 kHz (200/3 Hz a mel), logarithmic above (27 mels for a
 * factor of 6.4).
 */
const HZ_PER_MEL = 200 / 3;
const BREAK_MEL = 1000 / HZ_PER_MEL;
const LOG_STEP = Math.log(6.4) / 27;

function melOf(hz: number): number {
  return hz < 1000 ? hz / HZ_PER_MEL : BREAK_MEL + Math.log(hz / 1000) / LOG_STEP;
}

function hzOf(mel: number): number {
  return mel < BREAK_MEL ? mel * HZ_PER_MEL : 1000 * Math.exp(LOG_STEP * (mel - BREAK_MEL));
}

/**
 * Where a frequency lies among the bands, in bands: 0 is the centre of the lowest. The bands' edges are
 * `bands + 2` points evenly spaced in mel from 0 to half the sample rate.
 */
export function bandOf(hz: number, bands: number, sampleRateHz: number): number {
  return (melOf(hz) / melOf(sampleRateHz / 2)) * (bands + 1) - 1;
}

/** Centre frequency of a band, Hz. */
export function centreHz(band: number, bands: number, sampleRateHz: number): number {
  return hzOf((melOf(sampleRateHz / 2) * (band + 1)) / (bands + 1));
}
