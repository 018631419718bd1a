/** Area under the ROC curve by ranks, ties shared: the chance that an anomaly scores above a normal. */
export function areaUnderRoc(scores: readonly number[], anomalous: readonly boolean[]): number {
  const order = scores.map((_, i) => i).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let ranks = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && scores[order[to] as number] === scores[order[from] as number]) to++;
    for (let i = from; i < to; i++) if (anomalous[order[i] as number]) ranks += (from + to + 1) / 2;
    from = to;
  }
  const positives = anomalous.filter(Boolean).length;
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (anomalous.length - positives));
}
