/** The part of fft.js that we use; the package ships no types. */
declare module 'fft.js' {
  export default class FFT {
    /** @throws Error unless size is a power of two > 1 */
    constructor(size: number);
    /** Writes interleaved re, im of bins 0 … size/2 into `output` (2 · size); the rest of it is scratch. */
    realTransform(output: Float64Array, input: Float64Array): void;
  }
}
