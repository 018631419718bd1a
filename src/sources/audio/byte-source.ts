import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { SourceError } from '../../contracts.js';

/** Random access to bytes, in pieces of bounded size. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Bytes from `offset`, `length` of them or fewer at the end. A view that is valid until the next read. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Bytes that are already in memory. */
export function memoryBytes(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    close: async () => {},
  };
}

/**
 * A file behind one buffer of `bufferBytes`, so that a header and the samples after it cost one read.
 * The size is that of the moment of opening. @throws {SourceError} when it cannot be opened or is no file
 */
export async function openFile(path: string, bufferBytes: number): Promise<ByteSource> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const stats = await handle.stat();
    if (!stats.isFile()) throw new SourceError(`${path}: expected a file, found something else`);
    return new BufferedFile(path, handle, stats.size, Math.min(bufferBytes, stats.size));
  } catch (error) {
    await handle?.close();
    throw readError(path, error);
  }
}

/**
 * The same for a program that does nothing else meanwhile: each call waits for the disk, which for a small file takes a
 * tenth of the time that handing it to other threads does. Not for a service: a dead network drive would stop it.
 * @throws {SourceError} when it is no file that can be opened
 */
export function openFileBlocking(path: string, bufferBytes: number): ByteSource {
  let file: number | undefined;
  try {
    const opened = openSync(path, 'r');
    file = opened;
    const stats = fstatSync(opened);
    if (!stats.isFile()) throw new SourceError(`${path}: expected a file, found something else`);
    const handle: Handle = {
      read: async (buffer, offset, length, position) => ({
        bytesRead: readSync(opened, buffer, offset, length, position),
      }),
      close: async () => closeSync(opened),
    };
    return new BufferedFile(path, handle, stats.size, Math.min(bufferBytes, stats.size));
  } catch (error) {
    if (file !== undefined) closeSync(file);
    throw readError(path, error);
  }
}

/** What is used of an open file. */
interface Handle {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
}

class BufferedFile implements ByteSource {
  #buffer: Uint8Array;
  #from = 0;
  #held = 0;

  constructor(
    readonly path: string,
    readonly handle: Handle,
    readonly sizeBytes: number,
    bufferBytes: number,
  ) {
    this.#buffer = Buffer.allocUnsafeSlow(bufferBytes);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset < this.#from || offset + length > this.#from + this.#held) await this.#fill(offset, length);
    const start = offset - this.#from;
    return this.#buffer.subarray(start, Math.min(start + length, this.#held));
  }

  async #fill(offset: number, length: number): Promise<void> {
    if (length > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(length);
    this.#from = offset;
    this.#held = 0;
    while (this.#held < length && offset + this.#held < this.sizeBytes) {
      const bytes = await this.#readOnce(offset + this.#held);
      if (bytes === 0) return;
      this.#held += bytes;
    }
  }

  async #readOnce(position: number): Promise<number> {
    try {
      const free = this.#buffer.length - this.#held;
      return (await this.handle.read(this.#buffer, this.#held, free, position)).bytesRead;
    } catch (error) {
      throw readError(this.path, error);
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

function readError(path: string, error: unknown): SourceError {
  if (error instanceof SourceError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const why =
    code === 'ENOENT' ? 'does not exist' : `cannot be read: ${error instanceof Error ? error.message : error}`;
  return new SourceError(`${path}: ${why}`, { cause: error });
}
