import { closeSync, openSync, writeSync } from 'node:fs';

/** Rows → a JSON-lines file. Its owner calls `close`. */
export class RowWriter {
  private constructor(private readonly file: number) {}

  static open(path: string): RowWriter {
    return new RowWriter(openSync(path, 'w'));
  }

  write(cells: Readonly<Record<string, string | number | null>>): void {
    writeSync(this.file, `${JSON.stringify(cells)}\n`);
  }

  close(): void {
    closeSync(this.file);
  }
}
