/**
 * Exact (Garwood 1936) interval of a Poisson mean from one count: the means under which at most, and at least, so many
 * are no rarer than (1 − confidence)/2.
 * @param count 0, 1, 2, …   @returns [low, high], to six digits
 */
export function poissonInterval(count: number, confidence = 0.95): readonly [number, number] {
  const tail = (1 - confidence) / 2;
  const most = 2 * count + 30;
  const low = count === 0 ? 0 : meanWhere((mean) => 1 - atMost(count - 1, mean) >= tail, most);
  return [low, meanWhere((mean) => atMost(count, mean) < tail, most)];
}

/** The smallest mean in 0…most at which a condition that stays true becomes so. */
function meanWhere(condition: (mean: number) => boolean, most: number): number {
  let [low, high] = [0, most];
  while (high - low > 1e-7 * high) {
    const middle = (low + high) / 2;
    if (condition(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** P(X ≤ k), X Poisson: summed in logarithms, since e^−mean is 0 beyond a mean of 745. */
function atMost(k: number, mean: number): number {
  if (mean === 0) return 1;
  let logTerm = -mean;
  let sum = 0;
  for (let i = 0; i <= k; i++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log(mean) - Math.log(i + 1);
  }
  return Math.min(1, sum);
}
