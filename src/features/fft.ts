import PFFFT, { type PffftModule } from '@echogarden/pffft-wasm/simd';
import { ModelError } from '../contracts.js';

/**
 * A real FFT of one size that works inside the WebAssembly memory: fill `input`, call `transform`, read `output`.
 * Shared by everyone in this thread who asks for the same size; nobody may keep results across an await.
 */
export class RealFft {
  private readonly setup: number;
  private readonly inputAt: number;
  private readonly outputAt: number;
  private readonly workAt: number;
  private inputView: Float32Array;
  private outputView: Float32Array;

  constructor(
    private readonly pffft: PffftModule,
    readonly size: number,
  ) {
    const usable = size >= 32 && size <= 65_536 && Number.isInteger(Math.log2(size));
    if (!usable) throw new ModelError(`fftSize: expected a power of two from 32 to 65536, got ${size}`);
    this.setup = pffft._pffft_new_setup(size, 0);
    this.inputAt = pffft._pffft_aligned_malloc(4 * size);
    this.outputAt = pffft._pffft_aligned_malloc(4 * size);
    this.workAt = pffft._pffft_aligned_malloc(4 * size);
    this.inputView = this.view(this.inputAt);
    this.outputView = this.view(this.outputAt);
  }

  /** (size) samples. Ask again after an await: the memory may have moved. */
  get input(): Float32Array {
    if (this.inputView.length === 0) this.inputView = this.view(this.inputAt);
    return this.inputView;
  }

  /** (size): F(0), F(size/2), then real and imaginary parts of bins 1 … size/2 − 1, unscaled. */
  get output(): Float32Array {
    if (this.outputView.length === 0) this.outputView = this.view(this.outputAt);
    return this.outputView;
  }

  transform(): void {
    this.pffft._pffft_transform_ordered(this.setup, this.inputAt, this.outputAt, this.workAt, 0);
  }

  private view(at: number): Float32Array {
    return this.pffft.HEAPF32.subarray(at / 4, at / 4 + this.size);
  }
}

let pffft: Promise<PffftModule> | undefined;
const bySize = new Map<number, RealFft>();

/**
 * The shared FFT of this size. Memory is 3 · size floats a size, kept for the life of the thread.
 * @throws {ModelError} when the size is not a power of two from 32 to 65,536
 */
export async function loadFft(size: number): Promise<RealFft> {
  pffft ??= PFFFT();
  const loaded = await pffft;
  const fft = bySize.get(size) ?? new RealFft(loaded, size);
  bySize.set(size, fft);
  return fft;
}
