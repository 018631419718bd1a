const arrays = [ArrayBuffer, Uint8Array, Int16Array, Int32Array, Float32Array, Float64Array] as const;
const bufferMakers = ['alloc', 'allocUnsafe', 'allocUnsafeSlow'] as const;

/** What was asked of the arrays that hold samples and file contents, from now until `stop`. */
export interface Allocations {
  readonly count: number;
  readonly largestBytes: number;
  stop(): void;
}

/** Sees every request itself: resident memory would tell of the garbage collector's habits, and not of untouched pages. */
export function watchAllocations(): Allocations {
  const seen = { count: 0, largestBytes: 0 };
  const note = (bytes: number): void => {
    seen.count++;
    seen.largestBytes = Math.max(seen.largestBytes, bytes);
  };
  for (const type of arrays) {
    const bytesEach = 'BYTES_PER_ELEMENT' in type ? type.BYTES_PER_ELEMENT : 1;
    const construct = (target: object, args: unknown[], asked: unknown): object => {
      const made = Reflect.construct(target as typeof ArrayBuffer, args, asked as typeof ArrayBuffer);
      if (typeof args[0] === 'number') note(args[0] * bytesEach);
      else if (!(args[0] instanceof ArrayBuffer)) note(made.byteLength);
      return made;
    };
    Reflect.set(globalThis, type.name, new Proxy(type, { construct }));
  }
  const makers = bufferMakers.map((name) => [name, Buffer[name]] as const);
  for (const [name, make] of makers) {
    const watched = (size: number, ...rest: unknown[]): Buffer => {
      note(size);
      return Reflect.apply(make, Buffer, [size, ...rest]);
    };
    Reflect.set(Buffer, name, watched);
  }
  return {
    get count() {
      return seen.count;
    },
    get largestBytes() {
      return seen.largestBytes;
    },
    stop() {
      for (const type of arrays) Reflect.set(globalThis, type.name, type);
      for (const [name, make] of makers) Reflect.set(Buffer, name, make);
    },
  };
}
