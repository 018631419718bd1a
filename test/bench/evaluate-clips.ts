import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryPath } from './tree.js';
import { clip } from './wav-to-score.js';

const IDS = ['id_00', 'id_02'];
const TRAIN = 9;
/** Of each machine. */
const TEST = 1000;

/** What of the result is measured. */
interface Timed {
  readonly readSeconds: number;
  readonly clips: number;
  readonly results: readonly { readonly scoreSeconds: number }[];
}

/**
 * Milliseconds a clip, from WAV file to score, of `auscult evaluate` with `mel-frames` on so many threads: two machines
 * of 10-s clips, of which no picture is on disk yet. Reading and scoring are counted; starting and learning are not.
 */
export async function evaluateClips(threads: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'auscult-bench-'));
  try {
    const data = writeClips(folder);
    const quick = ['pretrainEpochs=1', 'jointEpochs=1'].flatMap((setting) => ['--set', setting]);
    const { readSeconds, results, clips } = evaluate([
      ...['--data', data, '--method', 'mel-frames', '--level-match', 'off', '--cache', join(folder, 'cache')],
      ...['--jobs', String(threads), '--json', ...quick],
    ]);
    const scoring = results.map(({ scoreSeconds }) => scoreSeconds);
    const scoreSeconds = threads === 1 ? scoring.reduce((sum, x) => sum + x, 0) : Math.max(...scoring);
    return (1000 * (readSeconds + scoreSeconds)) / clips;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function evaluate(args: readonly string[]): Timed {
  const main = repositoryPath('dist/cli/main.js');
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [main, 'evaluate', '--dataset', 'dcase2020', ...args],
    {
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    },
  );
  if (status !== 0) throw new Error(`auscult evaluate (npm run build first): ${stderr}`);
  return JSON.parse(stdout) as Timed;
}

/** As DCASE 2020 lays them out: the same recording, each time with other last samples. */
function writeClips(folder: string): string {
  const bytes = readFileSync(clip);
  let count = 0;
  const write = (part: string, name: string): void => {
    bytes.writeInt32LE(count++, bytes.length - 4);
    // Flushed: writing 640 MB back while clips are read would be measured, too.
    writeFileSync(join(folder, 'data', 'pump', part, name), bytes, { flush: true });
  };
  for (const part of ['train', 'test']) mkdirSync(join(folder, 'data', 'pump', part), { recursive: true });
  for (const id of IDS) {
    const name = (label: string, i: number) => `${label}_${id}_${String(i).padStart(8, '0')}.wav`;
    for (let i = 0; i < TRAIN; i++) write('train', name('normal', i));
    for (let i = 0; i < TEST; i++) write('test', name(i % 2 === 0 ? 'normal' : 'anomaly', i));
  }
  return join(folder, 'data');
}
