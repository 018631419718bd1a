/**
 * The losses of the neural methods written down anew, with loops and float64 alone: what the training steps are held
 * to. Rows are arrays; parameters one vector in the order (weights, bias, …).
 */
export type Matrix = readonly (readonly number[])[];
export type Parameters = ArrayLike<number>;

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
const at = (values: ArrayLike<number>, i: number): number => values[i] as number;

/** Consecutive layers of `widths` from `offset`, and where the next begin. */
export function layersAt(parameters: Parameters, widths: readonly number[], offset = 0) {
  let next = offset;
  const layers = widths.slice(1).map((to, i) => {
    const from = widths[i] as number;
    const start = next;
    next += (from + 1) * to;
    const weight = (r: number, c: number): number => at(parameters, start + r * to + c);
    return { from, to, weight, bias: (c: number): number => at(parameters, start + from * to + c) };
  });
  return { layers, next };
}

export type Layer = ReturnType<typeof layersAt>['layers'][number];

export const dense = (x: readonly number[], { from, to, weight, bias }: Layer): number[] =>
  Array.from({ length: to }, (_, c) => {
    let y = bias(c);
    for (let r = 0; r < from; r++) y += at(x, r) * weight(r, c);
    return y;
  });

/** Dense layers with tanh between them. */
export function network(x: readonly number[], layers: readonly Layer[]): number[] {
  return layers.reduce<number[]>((h, layer, i) => dense(i > 0 ? h.map(Math.tanh) : h, layer), [...x]);
}

export const squaredDistance = (a: readonly number[], b: readonly number[]): number =>
  sum(a.map((v, i) => (v - at(b, i)) ** 2));

/** [code, ‖x − x'‖/‖x‖, cosine] */
export function paperLatent(x: readonly number[], code: readonly number[], back: readonly number[]): number[] {
  const norm = (v: readonly number[]): number => Math.sqrt(sum(v.map((u) => u * u)));
  const product = sum(x.map((v, i) => v * at(back, i)));
  return [...code, Math.sqrt(squaredDistance(x, back)) / norm(x), product / (norm(x) * norm(back))];
}

/** Memberships of one latent row; `mask` switches hidden units off. */
export function memberships(z: readonly number[], layers: readonly Layer[], mask: readonly number[]): number[] {
  const hidden = dense(z, layers[0] as Layer).map((a, i) => Math.tanh(a) * at(mask, i));
  const raw = dense(hidden, layers[1] as Layer).map(Math.exp);
  return raw.map((value) => value / sum(raw));
}

export interface Weights {
  readonly energy: number;
  readonly penalty: number;
  readonly epsilon: number;
}

/** φ, μ and Σ + ε1 of every component. */
function gaussians(z: Matrix, gamma: Matrix, epsilon: number) {
  const size = (z[0] as readonly number[]).length;
  return (gamma[0] as readonly number[]).map((_, k) => {
    const g = gamma.map((row) => at(row, k));
    const mass = sum(g);
    const mu = Array.from({ length: size }, (_, j) => sum(z.map((row, n) => at(g, n) * at(row, j))) / mass);
    const sigma = mu.map((mi, i) =>
      mu.map(
        (mj, j) =>
          sum(z.map((row, n) => at(g, n) * (at(row, i) - mi) * (at(row, j) - mj))) / mass + (i === j ? epsilon : 0),
      ),
    );
    return { phi: mass / z.length, mu, sigma };
  });
}

/** log N(z | μ, Σ) by Gaussian elimination. */
function logNormal(z: readonly number[], mu: readonly number[], sigma: Matrix): number {
  const rows = sigma.map((row, i) => [...row, at(z, i) - at(mu, i)]);
  const d = mu.length;
  let logDeterminant = 0;
  for (let j = 0; j < d; j++) {
    const pivot = rows[j] as number[];
    logDeterminant += Math.log(at(pivot, j));
    for (let i = j + 1; i < d; i++) {
      const row = rows[i] as number[];
      const factor = at(row, j) / at(pivot, j);
      for (let c = j; c <= d; c++) row[c] = at(row, c) - factor * at(pivot, c);
    }
  }
  const solved = new Array<number>(d).fill(0);
  for (let i = d - 1; i >= 0; i--) {
    const row = rows[i] as number[];
    let rest = at(row, d);
    for (let c = i + 1; c < d; c++) rest -= at(row, c) * at(solved, c);
    solved[i] = rest / at(row, i);
  }
  const distance = sum(solved.map((s, i) => s * (at(z, i) - at(mu, i))));
  return -0.5 * (distance + logDeterminant + d * Math.log(2 * Math.PI));
}

/** λ1 mean E(z) + λ2 Σ 1/Σ_jj (Zong et al., eq. 7), or the bound of eq. 10 in place of the energy. */
export function mixtureLoss(z: Matrix, gamma: Matrix, weights: Weights, bound = false): number {
  const parts = gaussians(z, gamma, weights.epsilon);
  const penalty = sum(parts.flatMap(({ sigma }) => sigma.map((row, j) => 1 / at(row, j))));
  const energies = z.map((row, n) => {
    const logs = parts.map(({ phi, mu, sigma }) => Math.log(phi) + logNormal(row, mu, sigma));
    if (!bound) return -Math.log(sum(logs.map(Math.exp)));
    return sum(logs.map((log, k) => at(gamma[n] ?? [], k) * (Math.log(at(gamma[n] ?? [], k)) - log)));
  });
  return weights.energy * mean(energies) + weights.penalty * penalty;
}

/** ½‖x − b'‖² − Σ softplus of the last layer. */
export function structuredEnergyOf(x: readonly number[], parameters: Parameters, widths: readonly number[]): number {
  const { layers, next } = layersAt(parameters, widths);
  const h = layers.reduce<number[]>((v, layer) => dense(v, layer).map((a) => Math.log1p(Math.exp(a))), [...x]);
  return 0.5 * sum(x.map((v, i) => (v - at(parameters, next + i)) ** 2)) - sum(h);
}

/** Central differences. */
export function slope(fn: (p: Float64Array) => number, point: ArrayLike<number>, step = 1e-5): number[] {
  const p = Float64Array.from(point);
  return Array.from(p, (value, i) => {
    p[i] = value + step;
    const up = fn(p);
    p[i] = value - step;
    const down = fn(p);
    p[i] = value;
    return (up - down) / (2 * step);
  });
}

export const average = mean;
