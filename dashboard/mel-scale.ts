import { hzToMel, melToHz } from '../src/features/mel-filters.js';

/**
 * Where a frequency lies among the bands, in bands: 0 is the centre of the lowest. The bands' edges are
 * `bands + 2` points evenly spaced in mel from 0 to half the sample rate.
 */
export function bandOf(hz: number, bands: number, sampleRateHz: number): number {
  return (hzToMel(hz) / hzToMel(sampleRateHz / 2)) * (bands + 1) - 1;
}

/** Centre frequency of a band, Hz. */
export function centreHz(band: number, bands: number, sampleRateHz: number): number {
  return melToHz((hzToMel(sampleRateHz / 2) * (band + 1)) / (bands + 1));
}
