/**
 * Log-mel frames in WebAssembly SIMD: AssemblyScript, compiled by build-kernels.mjs. It works in the memory of pffft, whose
 * transform it calls. Four frames go through it side by side, one in each lane, so the bits of a frame depend on its
 * own samples alone. The caller lays out the memory; every address is a multiple of 16.
 */

@external("pffft", "transform")
declare function transform(setup: usize, input: usize, output: usize, work: usize, direction: i32): void;

/** Frames a call, at most. */
const FRAMES = 32;

let setup: usize;
let fftBytes: i32;
let hopBytes: i32;
let bands: i32;
let range: f32;

/** To be filled in: (fftSize) window; two weights of each of (fftSize / 2) bins; (bands + 1) i32; (bands). */
export let hann: usize;
export let rise: usize;
export let fall: usize;
export let stretchEnd: usize;
export let perArea: usize;
/** Samples of 32 frames, before a call, and (32, bands) dB, after it. */
export let samples: usize;
export let out: usize;

/** Scratch: (fftSize) twice; (4, fftSize) re, im of every bin; (fftSize / 2, 4) its power; (bands, 4) power. */
let input: usize;
let work: usize;
let spectra: usize;
let powers: usize;
let gathered: usize;

/**
 * @param plan of pffft   @param rangeOfBand a band weaker than its frame by more than this asks for double precision
 * @param memory address of free memory, a multiple of 16   @returns the first address behind what is taken of it
 */
export function configure(plan: usize, fftSize: i32, hop: i32, melBands: i32, rangeOfBand: f32, memory: usize): usize {
  setup = plan;
  fftBytes = 4 * fftSize;
  hopBytes = 4 * hop;
  bands = melBands;
  range = rangeOfBand;
  hann = memory;
  rise = hann + fftBytes;
  fall = rise + fftBytes / 2;
  input = fall + fftBytes / 2;
  work = input + fftBytes;
  spectra = work + fftBytes;
  powers = spectra + 4 * fftBytes;
  gathered = powers + 2 * fftBytes;
  out = gathered + 16 * bands;
  samples = out + 4 * FRAMES * bands;
  stretchEnd = samples + (((FRAMES - 1) * hopBytes + fftBytes + 15) & ~15);
  perArea = stretchEnd + 4 * (bands + 1);
  return perArea + 4 * bands;
}

/**
 * Samples → `count` ≤ 32 frames, dB, −Infinity for silence.
 * @returns bit f is set when frame f must be done again in double precision
 */
export function frames(count: i32): u32 {
  let inexact: u32 = 0;
  for (let first = 0; first < count; first += 4) {
    const last = min(first + 4, count);
    for (let frame = first; frame < last; frame++) spectrum(frame, frame - first);
    powersOfBins();
    inexact |= powersOfBands() << first;
    for (let band = 0; band < bands; band++) {
      const dB = decibels(v128.load(gathered + 16 * band));
      const at = out + 4 * (first * bands + band);
      v128.store_lane<f32>(at, dB, 0);
      v128.store_lane<f32>(at + 4 * bands, dB, 1);
      v128.store_lane<f32>(at + 8 * bands, dB, 2);
      v128.store_lane<f32>(at + 12 * bands, dB, 3);
    }
  }
  return inexact;
}

function spectrum(frame: i32, lane: i32): void {
  const from = samples + frame * hopBytes;
  for (let at = 0; at < fftBytes; at += 16) {
    v128.store(input + at, f32x4.mul(v128.load(from + at), v128.load(hann + at)));
  }
  transform(setup, input, spectra + lane * fftBytes, work, 0);
}

/** re² + im² of four bins of four frames at a time, transposed. Bin 0 is nonsense and is not read. */
function powersOfBins(): void {
  const end = spectra + fftBytes;
  for (let from = spectra, to = powers; from < end; from += 32, to += 64) {
    const a = fourPowers(from);
    const b = fourPowers(from + fftBytes);
    const c = fourPowers(from + 2 * fftBytes);
    const d = fourPowers(from + 3 * fftBytes);
    const ab01 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const ab23 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cd01 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const cd23 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(ab01, cd01, 0, 1, 4, 5));
    v128.store(to + 16, v128.shuffle<f32>(ab01, cd01, 2, 3, 6, 7));
    v128.store(to + 32, v128.shuffle<f32>(ab23, cd23, 0, 1, 4, 5));
    v128.store(to + 48, v128.shuffle<f32>(ab23, cd23, 2, 3, 6, 7));
  }
}

function fourPowers(at: usize): v128 {
  const low = v128.load(at);
  const high = v128.load(at + 16);
  const low2 = f32x4.mul(low, low);
  const high2 = f32x4.mul(high, high);
  return f32x4.add(v128.shuffle<f32>(low2, high2, 0, 2, 4, 6), v128.shuffle<f32>(low2, high2, 1, 3, 5, 7));
}

/** As `bandPowers` in src/features/log-mel.ts, for four frames. Returns the lanes with too weak a band. */
function powersOfBands(): u32 {
  let risen = f32x4.splat(0);
  let total = f32x4.splat(0);
  let weakest = f32x4.splat(Infinity);
  let bin = 1;
  for (let stretch = 0; stretch <= bands; stretch++) {
    const end = load<i32>(stretchEnd + 4 * stretch);
    let rising = f32x4.splat(0);
    let falling = f32x4.splat(0);
    for (; bin < end; bin++) {
      const power = v128.load(powers + 16 * bin);
      rising = f32x4.add(rising, f32x4.mul(power, v128.load_splat<f32>(rise + 4 * bin)));
      falling = f32x4.add(falling, f32x4.mul(power, v128.load_splat<f32>(fall + 4 * bin)));
    }
    if (stretch > 0) {
      const band = f32x4.add(risen, falling);
      v128.store(gathered + 16 * (stretch - 1), band);
      total = f32x4.add(total, f32x4.mul(band, v128.load_splat<f32>(perArea + 4 * (stretch - 1))));
      weakest = f32x4.pmin(weakest, band);
    }
    risen = rising;
  }
  const audible = f32x4.pmax(weakest, f32x4.splat(1e-10));
  return i32x4.bitmask(f32x4.lt(f32x4.mul(audible, f32x4.splat(range)), total));
}

/**
 * 10·log10(x): x = m·2^e with m from √½ to √2, and ln m = 2·artanh(s), s = (m − 1) / (m + 1), by its series to s⁷. It errs
 * by the rounding of single precision, 1e-5 dB. −Infinity below 2^−126, NaN when x is not finite.
 */
function decibels(x: v128): v128 {
  const e = i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f3504f3)), 23);
  const m = i32x4.sub(x, i32x4.shl(e, 23));
  const one = f32x4.splat(1);
  const s = f32x4.div(f32x4.sub(m, one), f32x4.add(m, one));
  const ss = f32x4.mul(s, s);
  let series = f32x4.add(f32x4.mul(ss, f32x4.splat(1.0 / 7)), f32x4.splat(1.0 / 5));
  series = f32x4.add(f32x4.mul(ss, series), f32x4.splat(1.0 / 3));
  series = f32x4.add(f32x4.mul(ss, series), one);
  const ofMantissa = f32x4.mul(f32x4.mul(s, series), f32x4.splat(8.685889638065037));
  const ofExponent = f32x4.mul(f32x4.convert_i32x4_s(e), f32x4.splat(3.010299956639812));
  const dB = f32x4.add(f32x4.add(ofExponent, ofMantissa), f32x4.mul(x, f32x4.splat(0)));
  const silent = f32x4.lt(x, f32x4.splat(1.1754943508222875e-38));
  return v128.bitselect(f32x4.splat(-Infinity), dB, silent);
}
