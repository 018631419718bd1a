/** Samples of the viridis colour map (van der Walt and Smith, CC0), evenly spaced from dark to bright. */
const STOPS: readonly (readonly [number, number, number])[] = [
  [68, 1, 84],
  [72, 40, 120],
  [62, 73, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [110, 206, 88],
  [181, 222, 43],
  [253, 231, 37],
];

/** RGBA pixel (little-endian) for 256 brightnesses: perceptually even, and readable without colour vision. */
export const VIRIDIS: Uint32Array = Uint32Array.from({ length: 256 }, (_, index) => {
  const at = (index / 255) * (STOPS.length - 1);
  const low = STOPS[Math.floor(at)] ?? [0, 0, 0];
  const high = STOPS[Math.ceil(at)] ?? low;
  const [r, g, b] = low.map((value, channel) => Math.round(value + ((high[channel] ?? value) - value) * (at % 1)));
  return ((255 << 24) | ((b ?? 0) << 16) | ((g ?? 0) << 8) | (r ?? 0)) >>> 0;
});
