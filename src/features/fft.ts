import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import PFFFT from '@echogarden/pffft-wasm/simd';
import { ModelError } from '../contracts.js';

/** pffft in its WebAssembly memory, which others may work in too. One a thread, for the life of the thread. */
export interface Fft {
  readonly memory: WebAssembly.Memory;
  /**
   * Real FFT: size floats at `input` → size floats at `output`: F(0), F(size/2), then real and imaginary parts of bins
   * 1 … size/2 − 1, unscaled. `work` is size floats of scratch. Addresses are multiples of 16; `direction` is 0.
   */
  readonly transform: (plan: number, input: number, output: number, work: number, direction: 0) => void;
  /** @throws {ModelError} when the size is not a power of two from 32 to 65,536 */
  plan(size: number): number;
  /** Address of that many bytes, a multiple of 16, never freed; views of the memory may be detached. @throws {ModelError} */
  allocate(bytes: number): number;
}

let loading: Promise<Fft> | undefined;

/** The FFT of this thread. */
export function loadFft(): Promise<Fft> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Fft> {
  let instance: WebAssembly.Instance | undefined;
  const wasm = new WebAssembly.Module(await readFile(wasmPath()));
  // pffft keeps its memory to itself unless it is instantiated by hand.
  const pffft = await PFFFT({
    instantiateWasm: (imports, done) => {
      instance = new WebAssembly.Instance(wasm, imports);
      done(instance);
      return instance.exports;
    },
  });
  const memory = Object.values(instance?.exports ?? {}).find((value) => value instanceof WebAssembly.Memory);
  if (memory === undefined) throw new ModelError('pffft: expected a module that exports its memory, found none');
  const plans = new Map<number, number>();
  const allocate = (bytes: number): number => {
    const at = pffft._pffft_aligned_malloc(bytes);
    if (at === 0) throw new ModelError(`log-mel: expected to work in less memory, needs ${bytes} bytes more`);
    return at;
  };
  const plan = (size: number): number => {
    const usable = size >= 32 && size <= 65_536 && Number.isInteger(Math.log2(size));
    if (!usable) throw new ModelError(`fftSize: expected a power of two from 32 to 65536, got ${size}`);
    const made = plans.get(size) ?? pffft._pffft_new_setup(size, 0);
    plans.set(size, made);
    return made;
  };
  // The first call replaces Emscripten's wrapper by the WebAssembly function, which other modules call faster.
  const scratch = allocate(3 * 32 * 4);
  pffft._pffft_transform_ordered(plan(32), scratch, scratch + 128, scratch + 256, 0);
  return { memory, transform: pffft._pffft_transform_ordered, plan, allocate };
}

function wasmPath(): string {
  const script = createRequire(import.meta.url).resolve('@echogarden/pffft-wasm/simd');
  return join(dirname(script), 'pffft.wasm');
}
