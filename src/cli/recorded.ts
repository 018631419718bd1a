/** Files named on the command line → a source, of the kind that a model or preset sees. */
import { ConfigError, type FeatureSpec, type Modality, type Source } from '../contracts.js';
import { requiredColumns } from '../features/table-encoder.js';
import { WAV_EXTENSIONS, wavFileSource } from '../sources/audio/index.js';
import { timeSlice } from '../sources/audio/time-slice.js';
import { filesOf } from '../sources/files.js';
import { IMAGE_EXTENSIONS } from '../sources/images/image-files.js';
import { ImageFilesSource } from '../sources/images/image-source.js';
import type { RowRange } from '../sources/tables/row-range.js';
import { TableSource } from '../sources/tables/table-source.js';

export interface RecordedOptions {
  readonly feed: string;
  readonly machine: string;
  readonly channel?: number;
  readonly sampleRateHz?: number;
  readonly seconds?: { from: number; to: number };
  readonly rows?: RowRange;
  readonly picture?: { readonly width: number; readonly height: number; readonly channels: 1 | 3 };
  readonly requiredColumns?: readonly string[];
  readonly timeColumn?: string | null;
  /** Time of the first sample or row, where nothing says it. */
  readonly startMs?: number;
}

export const extensions: Readonly<Record<Modality, readonly string[]>> = {
  audio: WAV_EXTENSIONS,
  image: IMAGE_EXTENSIONS,
  table: ['.csv', '.tsv', '.jsonl', '.ndjson', '.gz'],
};

/** Every file once, in order, as fast as possible. */
export function recordedSource(modality: Modality, files: readonly string[], options: RecordedOptions): Source {
  const { feed, machine, startMs, seconds, rows } = options;
  switch (modality) {
    case 'audio': {
      const source = wavFileSource({
        feed,
        machine,
        files,
        channel: options.channel,
        targetRateHz: options.sampleRateHz ?? 16_000,
        startMs,
        blockingReads: true,
      });
      return seconds ? timeSlice(source, seconds) : source;
    }
    case 'image':
      return new ImageFilesSource({
        feed,
        machine,
        files,
        ...(options.picture ?? { width: 64, height: 64, channels: 3 }),
      });
    case 'table':
      return chain(
        feed,
        files.map((path) => new TableSource({ ...options, path, rows })),
      );
  }
}

/** What a package's features ask of the source. */
export function optionsFor(spec: FeatureSpec): Partial<RecordedOptions> {
  switch (spec.kind) {
    case 'table':
      return { requiredColumns: requiredColumns(spec), timeColumn: spec.timeColumn };
    case 'image-flat':
      return { picture: spec };
    default:
      return { sampleRateHz: spec.mel.sampleRateHz };
  }
}

/** @throws {ConfigError} for flags that mean nothing for what is read  @throws {SourceError} when there is no file of it */
export async function recordedFiles(
  modality: Modality,
  paths: readonly string[],
  { seconds, rows }: Pick<RecordedOptions, 'seconds' | 'rows'>,
): Promise<string[]> {
  const found = `found a model or preset of ${{ audio: 'sound', image: 'pictures', table: 'tables' }[modality]}`;
  if (seconds && modality !== 'audio') throw new ConfigError(`--seconds: expected sound, ${found}`);
  if (rows && modality !== 'table') throw new ConfigError(`--rows: expected tables, ${found}`);
  return filesOf(paths, extensions[modality]);
}

function chain(feed: string, sources: readonly Source[]): Source {
  return {
    feed,
    async *stream(signal) {
      for (const source of sources) yield* source.stream(signal);
    },
  };
}
