declare module 'libsvm-js/asm.js' {
  /** LIBSVM compiled to asm.js; memory is its own, so that `free` must be called. */
  export default class SVM {
    static readonly SVM_TYPES: Readonly<Record<'ONE_CLASS', string>>;
    static readonly KERNEL_TYPES: Readonly<Record<'RBF', string>>;
    constructor(options: {
      type: string;
      kernel: string;
      gamma: number;
      nu: number;
      tolerance: number;
      /** MB */
      cacheSize: number;
      quiet: boolean;
    });
    train(samples: readonly ArrayLike<number>[], labels: readonly number[]): void;
    /** LIBSVM's text format. */
    serializeModel(): string;
    /** Places of the support vectors among the samples, as serialised. */
    getSVIndices(): number[];
    free(): void;
  }
}
