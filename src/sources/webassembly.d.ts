/** The part of WebAssembly that we use: TypeScript has it in its DOM library only. */
declare namespace WebAssembly {
  type Imports = Record<string, Record<string, unknown>>;

  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Imports);
    readonly exports: Record<string, unknown>;
  }
  class Memory {
    constructor(of: { readonly initial: number });
    /** Another one after the memory has grown. */
    readonly buffer: ArrayBuffer;
  }
  class Global {
    readonly value: number;
  }
}
