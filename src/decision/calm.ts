/** Whether a window may teach what normal becomes: nothing about it is unusual, and the machine runs. Pure. */
import type { Calibration, Verdict } from '../contracts.js';

/** Nine in ten held-out normals score lower than what is not learnt from. */
const USUAL_P = 0.1;
/** With fewer independent windows p = 1/(n + 1) is never as low as that. */
export const FEWEST_FOR_CALM = Math.ceil(1 / USUAL_P) - 1;

/**
 * p > .1 on every horizon, a score that held-out normals have had too, the machine running, no event open, nothing muted
 * or learnt.
 */
export function isCalm(verdict: Verdict, { short }: Calibration): boolean {
  const { state, operating, pValue, long, score } = verdict;
  if (state !== 'normal' || operating !== 'running') return false;
  return pValue > USUAL_P && (long === null || long.pValue > USUAL_P) && score <= short.maximum;
}
