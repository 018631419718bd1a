/** Numbers that benchmarks of the engine share: seeded, so that every run does the same work. */

/** Uniform in 0…1 (mulberry32). */
export function uniforms(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  });
}

/** Standard normal (Box–Muller). */
export function normals(count: number, seed: number): Float32Array {
  const [radius, angle] = [uniforms(count, seed), uniforms(count, seed + 1)];
  return radius.map((r, i) => Math.sqrt(-2 * Math.log(1 - r)) * Math.cos(2 * Math.PI * (angle[i] ?? 0)));
}

/** Median of a run's milliseconds over `runs` timed calls after `warm` untimed ones. */
export async function medianMs(run: () => Promise<unknown>, warm: number, runs: number): Promise<number> {
  const times: number[] = [];
  for (let i = -warm; i < runs; i++) {
    const start = performance.now();
    await run();
    if (i >= 0) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return times[runs >> 1] ?? Number.NaN;
}
