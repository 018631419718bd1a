import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { SourceError } from '../contracts.js';
import type { Cells } from '../sources/tables/cells.js';
import { TableSource } from '../sources/tables/table-source.js';
import { type Table, TableBuilder } from './table.js';

export interface ReadColumns {
  readonly table: Table;
  /** SHA-256 of the file's bytes. */
  readonly digest: string;
  /** How many rows were left out, and why the first of them; nothing when none was. */
  readonly notes: readonly string[];
}

/**
 * A CSV (any delimiter), or JSON-lines file, perhaps gzipped, by columns.
 * @param keep what of a row goes into the table: all of it by default
 * @throws {SourceError} when it cannot be read or has no row   @throws the signal's reason
 */
export async function readColumns(
  path: string,
  signal: AbortSignal,
  keep: (cells: Cells) => Cells = (cells) => cells,
): Promise<ReadColumns> {
  const digest = digestOf(path);
  digest.catch(() => {}); // the table's own error says more
  const builder = new TableBuilder();
  let [skipped, why] = [0, ''];
  for await (const found of new TableSource({ feed: '', machine: '', path, timeColumn: null }).stream(signal)) {
    if (found.kind === 'row') builder.add(keep(found.cells));
    else if (found.code === 'bad-file') throw new SourceError(found.message);
    else if (skipped++ === 0) why = found.message;
  }
  signal.throwIfAborted();
  if (builder.rows === 0) throw new SourceError(`${path}: expected rows, found ${why || 'none'}`);
  const notes = skipped === 0 ? [] : [`${skipped} rows were left out: ${why}`];
  return { table: builder.build(), digest: await digest, notes };
}

/** True when there is a file to read. */
export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
