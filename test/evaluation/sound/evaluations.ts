/** An evaluation of sound as the runner hands it on, made of scores alone. */

import type { TestClip } from '../../../src/evaluation/sound/dataset.js';
import type { SoundEvaluation, SoundOutcome } from '../../../src/evaluation/sound/evaluate-sound.js';
import { judge } from '../../../src/evaluation/sound/judge.js';
import type { KnownMachine } from '../../../src/evaluation/sound/read-dataset.js';
import type { ExplainedClip, SoundTrialResult } from '../../../src/evaluation/sound/sound-job.js';
import type { SoundMethod } from '../../../src/evaluation/sound/sound-methods.js';
import { defaultMelFrames } from '../../../src/features/default-specs.js';

const at = { 16000: { samples: 160_000, levelDb: -30 } };

export interface MachineParts {
  readonly name: string;
  readonly type?: string;
  readonly section?: string;
  readonly snrDb?: number | null;
  /** Paths of the clips that are judged; abnormal where the name says so. */
  readonly test: readonly (Pick<TestClip, 'path' | 'domain'> | string)[];
}

export function machineOf({ name, type = name, section = '', snrDb = null, test }: MachineParts): KnownMachine {
  const clips = test.map((clip) => (typeof clip === 'string' ? { path: clip } : clip));
  return {
    ...{ name, type, section, snrDb },
    train: Array.from({ length: 4 }, (_, i) => ({ path: `train/${i}.wav`, channel: 0, digest: `t${i}`, at })),
    test: clips.map((clip, i) => ({
      ...clip,
      ...{ channel: 0, digest: `d${i}`, at, anomalous: /abnormal|anomaly/.test(clip.path) },
    })),
  };
}

export function methodOf(name: string, group: SoundMethod['group'] = 'dagmm'): SoundMethod {
  const title = `what ${name} <is>`;
  return { name, title, group, spec: defaultMelFrames(), method: 'gmm', recipe: 'plain', settings: { components: 2 } };
}

export function outcomeOf(
  machine: KnownMachine,
  method: SoundMethod,
  levelMatched: boolean,
  scores: readonly number[] | null,
  { dataset = 'folder', explained = [] }: { dataset?: string; explained?: readonly ExplainedClip[] } = {},
): SoundOutcome {
  const common = { machine, method, levelMatched, trainLevelDb: -31.5 };
  if (scores === null) return { ...common, trials: [null], error: 'training rows: expected at least 8, found 4' };
  return { ...common, trials: [judge(machine, resultOf(scores, explained), dataset === 'dcase2021')], error: null };
}

function resultOf(testScores: readonly number[], explained: readonly ExplainedClip[]): SoundTrialResult {
  return {
    ...{ testScores, trainScores: [1, 1.2, 0.8, 1.1], heldOut: [], width: 320, rows: 40, rowsFound: 40, repeated: 0 },
    ...{ fitSeconds: 2, scoreSeconds: 0.1, hyperparameters: { components: 2, shift: 0.25 }, epochs: 7 },
    ...{ skippedSteps: 0, singularRetries: 0, finalLoss: 1.25, notes: ['a note <of> the fit'], explained },
  };
}

export function evaluationOf(dataset: string, outcomes: readonly SoundOutcome[]): SoundEvaluation {
  const machines = [...new Set(outcomes.map(({ machine }) => machine))];
  return {
    dataset: { name: dataset, machines, notes: ['a note of the layout'] },
    ...{ machines, outcomes, skipped: [{ path: 'x/broken.wav', reason: 'x/broken.wav: 7 bytes long' }] },
    leaks: [{ machine: 'pump', test: 'a.wav', train: 'b.wav' }],
    ...{ clips: 12, reusedTrials: 0, trials: outcomes.length, reusedClips: 0, readSeconds: 1 },
  };
}
