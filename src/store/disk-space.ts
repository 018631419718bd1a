import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { fileBytes } from './connection.js';

/** A file of zeros that is given up so that alerts can still be written when someone else has filled the disk. */
export class Reserve {
  constructor(
    private readonly path: string,
    private readonly bytes: number,
  ) {}

  /** Writes the file unless it is there. Real zeros: a sparse file would keep nothing free. */
  fill(): void {
    if (this.bytes === 0 || fileBytes(this.path) === this.bytes) return;
    const file = openSync(this.path, 'w', 0o600);
    try {
      for (let at = 0; at < this.bytes; ) at += writeSync(file, Buffer.alloc(Math.min(65_536, this.bytes - at)));
      fsyncSync(file);
    } catch (error) {
      rmSync(this.path, { force: true });
      throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Frees the space; false when it was free already. */
  release(): boolean {
    const had = fileBytes(this.path) > 0;
    rmSync(this.path, { force: true });
    return had;
  }
}
