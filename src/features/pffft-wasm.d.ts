/** The part of pffft's WebAssembly build that we use; the package ships no types. */
declare module '@echogarden/pffft-wasm/simd' {
  export interface PffftModule {
    /** @returns 0 when the size cannot be transformed. `transform` 0 is real, 1 complex. */
    _pffft_new_setup(size: number, transform: 0 | 1): number;
    _pffft_aligned_malloc(bytes: number): number;
    /** `direction` 0 is forward. Real output: F(0), F(N/2), then re, im of bins 1 … N/2 − 1. */
    _pffft_transform_ordered(setup: number, input: number, output: number, work: number, direction: 0 | 1): void;
  }
  export interface PffftOptions {
    /** Emscripten's hook for those who instantiate the module themselves. */
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): object;
  }
  export default function PFFFT(options: PffftOptions): Promise<PffftModule>;
}
