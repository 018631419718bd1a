import type { MelSpec } from '../contracts.js';
import type { Fft } from './fft.js';
import { hann } from './hann.js';
import { wasm } from './log-mel.wasm.js';
import type { MelFilters } from './mel-filters.js';

/** What log-mel.kernel.ts exports. */
interface Kernel {
  configure(
    plan: number,
    fftSize: number,
    hop: number,
    bands: number,
    singlePrecisionRange: number,
    memory: number,
  ): number;
  frames(count: number): number;
  readonly hann: WebAssembly.Global;
  readonly rise: WebAssembly.Global;
  readonly fall: WebAssembly.Global;
  readonly stretchEnd: WebAssembly.Global;
  readonly perArea: WebAssembly.Global;
  readonly samples: WebAssembly.Global;
  readonly out: WebAssembly.Global;
}

/** Frames of one call, at most. */
export const KERNEL_FRAMES = 32;

/** The log-mel of log-mel.kernel.ts in pffft's memory: single precision, four frames side by side. */
export class MelKernel {
  private readonly kernel: Kernel;
  private samples: Float32Array;
  private out: Float32Array;

  /** @param range a frame with a band that is weaker than the power of the frame by more than this is told of */
  constructor(
    private readonly fft: Fft,
    private readonly mel: MelSpec,
    filters: MelFilters,
    range: number,
  ) {
    const { fftSize, hopSamples, melBands } = mel;
    const imports = { env: { memory: fft.memory }, pffft: { transform: fft.transform } };
    compiled ??= new WebAssembly.Module(Buffer.from(wasm, 'base64'));
    this.kernel = new WebAssembly.Instance(compiled, imports).exports as unknown as Kernel;
    const plan = fft.plan(fftSize);
    const configure = (memory: number) => this.kernel.configure(plan, fftSize, hopSamples, melBands, range, memory);
    configure(fft.allocate(configure(0)));
    this.floats(this.kernel.hann, fftSize).set(hann(fftSize));
    this.floats(this.kernel.rise, fftSize / 2).set(filters.rise);
    this.floats(this.kernel.fall, fftSize / 2).set(filters.fall);
    this.floats(this.kernel.perArea, melBands).set(filters.perArea);
    new Int32Array(fft.memory.buffer, this.kernel.stretchEnd.value, melBands + 1).set(filters.stretchEnd);
    this.samples = this.samplesView();
    this.out = this.outView();
  }

  /**
   * Up to 32 frames, the first beginning at sample `from`, into `out`: dB, −Infinity for silence.
   * @returns bit f is set where frame f needs double precision
   */
  write(samples: Float32Array, from: number, frames: number, out: Float32Array, outAt: number): number {
    const { fftSize, hopSamples, melBands } = this.mel;
    if (this.out.length === 0) {
      // Another size was made: the memory has grown and the views are detached.
      this.samples = this.samplesView();
      this.out = this.outView();
    }
    this.samples.set(samples.subarray(from, from + (frames - 1) * hopSamples + fftSize));
    const inexact = this.kernel.frames(frames);
    out.set(this.out.subarray(0, frames * melBands), outAt);
    return frames === KERNEL_FRAMES ? inexact : inexact & ((1 << frames) - 1);
  }

  private samplesView(): Float32Array {
    return this.floats(this.kernel.samples, (KERNEL_FRAMES - 1) * this.mel.hopSamples + this.mel.fftSize);
  }

  private outView(): Float32Array {
    return this.floats(this.kernel.out, KERNEL_FRAMES * this.mel.melBands);
  }

  private floats(at: WebAssembly.Global, length: number): Float32Array {
    return new Float32Array(this.fft.memory.buffer, at.value, length);
  }
}

let compiled: WebAssembly.Module | undefined;
