/** The one figure by which DCASE Task 2 ranks since 2021. */
import type { DomainMetrics } from './judge.js';

interface Judged {
  /** null where no trial finished. */
  readonly pauc: number | null;
  readonly domains: readonly DomainMetrics[];
}

/**
 * Harmonic mean over machine types and sections of AUC in the source domain, AUC in the target domain, and pAUC; in 2021
 * pAUC, too, is that of each domain (task descriptions of 2021 to 2025, "evaluation metrics").
 * @param rows of one method at one level   @returns null for other data sets, and where a section has no figure
 */
export function officialScore(dataset: string, rows: readonly Judged[]): number | null {
  if (!/^dcase202[1-9]$/.test(dataset) || rows.length === 0) return null;
  const values = rows.flatMap(({ domains, pauc }): (number | null)[] => {
    if (domains.length < 2) return [null];
    const paucs = dataset === 'dcase2021' ? domains.map((domain) => domain.pauc) : [pauc];
    return [...domains.map((domain) => domain.auc), ...paucs];
  });
  let inverse = 0;
  for (const value of values) {
    if (value === null) return null;
    inverse += 1 / value;
  }
  return values.length / inverse;
}
