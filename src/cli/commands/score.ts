import { Command } from 'commander';
import {
  AuscultError,
  type FeatureSpec,
  type Manifest,
  type Scorer,
  SourceError,
  type Window,
} from '../../contracts.js';
import { pValue } from '../../decision/threshold.js';
import { createFeatures } from '../../features/create-features.js';
import { clipHopFrames, isSound } from '../../features/spec-sizes.js';
import { openScorer } from '../../scorers/package-scorer.js';
import { parseRowRange, type RowRange } from '../../sources/tables/row-range.js';
import { interruptSignal, wholeNumber } from '../options.js';
import { printJson, printTable, short } from '../output.js';
import { optionsFor, recordedFiles, recordedSource } from '../recorded.js';

interface Flags {
  model: string;
  channel: number;
  rows?: RowRange;
  threads: number;
  json?: boolean;
}

interface FileScore {
  readonly file: string;
  /** Mean energy of the file's windows, in the model's unit; higher is more anomalous. */
  readonly energy: number;
  /** Conformal p of that mean against means of 10 s of held-out normals, or single windows of them where there is no such calibration. */
  readonly pValue: number;
  readonly windows: number;
}

export function scoreCommand(): Command {
  return new Command('score')
    .description('score files with a model: one energy and p-value a file')
    .argument('<files...>', 'files, or folders of them')
    .requiredOption('--model <folder>', 'model package')
    .option('--channel <n>', 'sound: channel, counted from 0', wholeNumber, 0)
    .option('--rows <from:to>', 'tables: only these data rows', parseRowRange)
    .option('--threads <n>', 'CPU threads', wholeNumber, 1)
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      '\nExamples:\n  $ auscult score --model models/pump clip.wav\n  $ auscult score --model models/pump --json recordings/*.wav\n',
    )
    .action(score);
}

async function score(paths: string[], flags: Flags): Promise<void> {
  const signal = interruptSignal();
  const scorer = await openScorer(flags.model, { threads: Math.max(1, flags.threads) });
  const results: FileScore[] = [];
  try {
    for (const file of await recordedFiles(scorer.manifest.modality, paths, flags)) {
      const result = await scoreFile(scorer, file, flags, signal).catch((error: unknown) => complain(file, error));
      if (!result) continue;
      results.push(result);
      if (flags.json) printJson(result);
    }
  } finally {
    await scorer.close();
  }
  if (!flags.json && results.length > 0)
    printTable(
      ['energy', 'p-value', 'windows', 'file'],
      results.map((r) => [short(r.energy), short(r.pValue), r.windows, r.file]),
    );
}

/** One bad file does not end the others, but the exit code tells. */
function complain(file: string, error: unknown): null {
  if (!(error instanceof AuscultError)) throw error;
  process.stderr.write(`auscult: ${error.message.includes(file) ? '' : `${file}: `}${error.message}\n`);
  process.exitCode = 1;
  return null;
}

/** Some 10 s of sound: fewer and larger calls of the model, and still constant memory. */
const windowsAtOnce = 16;

/** Every window of one file through features and scorer. null: it held nothing that can be scored, and that was said. */
export async function scoreFile(
  scorer: Scorer,
  file: string,
  flags: Pick<Flags, 'channel' | 'rows'>,
  signal: AbortSignal,
): Promise<FileScore | null> {
  const { manifest } = scorer;
  const features = await createFeatures(withoutOverlap(manifest.features), { rowsOnly: true });
  const source = recordedSource(manifest.modality, [file], {
    feed: 'score',
    machine: 'score',
    ...optionsFor(manifest.features),
    ...flags,
  });
  let sum = 0;
  let windows = 0;
  let ready: Window[] = [];
  const scoreReady = async (): Promise<void> => {
    for (const energy of await scorer.score(ready)) sum += energy;
    windows += ready.length;
    ready = [];
  };
  let told: string | null = null;
  try {
    for await (const item of source.stream(signal)) {
      signal.throwIfAborted();
      if (item.kind === 'trouble') {
        told = item.message;
        complain(file, new AuscultError(told));
      } else ready.push(...features.push(item));
      if (ready.length >= windowsAtOnce) await scoreReady();
    }
  } catch (error) {
    // Of a file without sound the source says so once more.
    if (told !== null && error instanceof SourceError && error.message.endsWith(told)) return null;
    throw error;
  }
  await scoreReady();
  if (windows === 0 && told !== null) return null;
  if (windows === 0) throw new AuscultError(`expected at least one whole window (${lengthOf(manifest)}), found less`);
  const energy = sum / windows;
  return { file, energy, pValue: pValue(manifest.calibration.long ?? manifest.calibration.short, energy), windows };
}

/** Windows that lie side by side, so that every stack of frames counts once. */
function withoutOverlap(spec: FeatureSpec): FeatureSpec {
  return isSound(spec) ? { ...spec, hopFrames: clipHopFrames(spec) } : spec;
}

function lengthOf({ features, calibration }: Manifest): string {
  return features.kind === 'table'
    ? 'one row'
    : features.kind === 'image-flat'
      ? 'one picture'
      : `${(calibration.windowMs / 1000).toFixed(2)} s`;
}
