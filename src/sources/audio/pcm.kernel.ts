/**
 * Sound as it comes from files and devices, in WebAssembly SIMD: AssemblyScript, compiled by build-kernels.mjs. The caller puts
 * up to 8,192 samples into the memory and takes what it asked for from there.
 */

/** Address of 16-bit words, and of floats. */
export const words: usize = 0;
export const floats: usize = 16_384;

/** What `measure` found. */
export let sum: f64;
export let squares: f64;
export let peak: f32;

/** `count` words → floats, times the unit; up to 7 floats more are overwritten. */
export function decode(count: i32, unit: f32): void {
  const units = f32x4.splat(unit);
  for (let i = 0; i < count; i += 8) {
    const eight = v128.load(words + 2 * i);
    const low = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(eight));
    const high = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(eight));
    v128.store(floats + 4 * i, f32x4.mul(low, units));
    v128.store(floats + 4 * i + 16, f32x4.mul(high, units));
  }
}

/** Sum and sum of squares in double precision and largest magnitude of `count` floats, a multiple of 4. */
export function measure(count: i32): void {
  let sumA = f64x2.splat(0);
  let sumB = f64x2.splat(0);
  let squaresA = f64x2.splat(0);
  let squaresB = f64x2.splat(0);
  let largest = f32x4.splat(0);
  for (let i = 0; i < count; i += 4) {
    const four = v128.load(floats + 4 * i);
    const a = f64x2.promote_low_f32x4(four);
    const b = f64x2.promote_low_f32x4(v128.shuffle<f32>(four, four, 2, 3, 2, 3));
    sumA = f64x2.add(sumA, a);
    sumB = f64x2.add(sumB, b);
    squaresA = f64x2.add(squaresA, f64x2.mul(a, a));
    squaresB = f64x2.add(squaresB, f64x2.mul(b, b));
    largest = f32x4.pmax(largest, f32x4.abs(four));
  }
  sum = both(f64x2.add(sumA, sumB));
  squares = both(f64x2.add(squaresA, squaresB));
  const two = f32x4.pmax(largest, v128.shuffle<f32>(largest, largest, 2, 3, 2, 3));
  peak = max(f32x4.extract_lane(two, 0), f32x4.extract_lane(two, 1));
}

function both(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}
