import type { ContributionAxis } from '../contracts.js';

/** Share of the strongest stretch from which another one belongs to it, and of the window from which it is all of it. */
const STRONG = 0.5;
const THROUGHOUT = 0.6;

export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * When in a window the energy was highest: neighbouring stretches joined, in order of time; none when that is most of it.
 * @param stretchMs length of each part of the axis but the last, which goes to the window's end
 */
export function changedTimes(
  { values }: Pick<ContributionAxis, 'values'>,
  stretchMs: number,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): TimeSpan[] {
  const least = STRONG * Math.max(...values);
  if (!(least > 0)) return [];
  const spans: { fromMs: number; toMs: number }[] = [];
  for (const [i, value] of values.entries()) {
    if (value < least) continue;
    const fromMs = Math.round(startMs + i * stretchMs);
    const toMs = i === values.length - 1 ? endMs : Math.round(fromMs + stretchMs);
    const last = spans.at(-1);
    if (last && last.toMs >= fromMs - 1) last.toMs = toMs;
    else spans.push({ fromMs, toMs });
  }
  const covered = spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  return covered >= THROUGHOUT * (endMs - startMs) ? [] : spans;
}
