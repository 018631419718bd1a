import { readdirSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { SourceError } from '../contracts.js';

export interface SkabFiles {
  /** Runs with a fault each. */
  readonly runs: readonly SkabFile[];
  /** The run without a fault; null when it is not there. */
  readonly anomalyFree: SkabFile | null;
}

export interface SkabFile {
  /** valve1/0 */
  readonly name: string;
  readonly path: string;
}

const PUBLISHED_AT = 'https://github.com/waico/SKAB, folder data';

/** The CSV files of SKAB below a folder, in order. @throws {SourceError} saying where they are published */
export function skabFiles(folder: string): SkabFiles {
  const found = csvFiles(folder)
    .map((path) => ({
      name: relative(folder, path)
        .replace(/\.csv$/, '')
        .replaceAll('\\', '/'),
      path,
    }))
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  const isFree = ({ path }: SkabFile) => basename(path).startsWith('anomaly-free');
  const runs = found.filter((file) => !isFree(file));
  if (runs.length === 0) throw missing(folder, 'none');
  return { runs, anomalyFree: found.find(isFree) ?? null };
}

function csvFiles(folder: string): string[] {
  try {
    if (!statSync(folder).isDirectory()) throw missing(folder, 'a file');
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return names.filter((name) => name.endsWith('.csv')).map((name) => join(folder, name));
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw missing(folder, String((error as NodeJS.ErrnoException).code));
  }
}

function missing(folder: string, found: string): SourceError {
  return new SourceError(
    `${folder}: expected the folder of SKAB with its runs as CSV files (valve1/0.csv, anomaly-free/anomaly-free.csv, …), ` +
      `found ${found}; it is published at ${PUBLISHED_AT}`,
  );
}
