import FFT from 'fft.js';
import { hann } from './hann.js';

/** The windowed spectrum in double precision, for the few frames that need it: five times slower than `RealFft`. */
export class DoubleFft {
  private readonly fft: FFT;
  private readonly window: Float64Array;
  private readonly input: Float64Array;
  private readonly output: Float64Array;

  /** @param size a power of two */
  constructor(size: number) {
    this.fft = new FFT(size);
    this.window = hann(size);
    this.input = new Float64Array(size);
    this.output = new Float64Array(2 * size);
  }

  /** Interleaved re, im of bins 0 … size/2 of the Hann-windowed samples; valid until the next call. */
  spectrum(samples: Float32Array, from: number): Float64Array {
    for (let i = 0; i < this.input.length; i++) {
      this.input[i] = (samples[from + i] as number) * (this.window[i] as number);
    }
    this.fft.realTransform(this.output, this.input);
    return this.output;
  }
}
