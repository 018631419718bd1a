import { scoreFile } from '../../src/cli/commands/score.js';
import { openScorer } from '../../src/scorers/package-scorer.js';
import { medianMs } from './numbers.js';
import { repositoryPath } from './tree.js';

/** A 10-s clip, 16 kHz, 16 bit, mono. */
export const clip = repositoryPath('models/demo-sound/pump-00-normal.wav');

/** Milliseconds from a WAV file to its score, as `auscult score` does it (median of `runs`), one thread. */
export async function wavToScore(runs = 100): Promise<number> {
  const scorer = await openScorer(repositoryPath('models/pump-00'), { threads: 1 });
  const { signal } = new AbortController();
  try {
    return await medianMs(() => scoreFile(scorer, clip, { channel: 0 }, signal), 20, runs);
  } finally {
    await scorer.close();
  }
}
