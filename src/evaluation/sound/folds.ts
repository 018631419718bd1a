import { ConfigError } from '../../contracts.js';
import type { SoundDataset, SoundMachine } from './dataset.js';

/**
 * Cross-validation: each machine becomes as many, each with one stretch of its normal clips judged beside its test clips
 * instead of learnt. So every normal clip is judged once by a model that did not learn it, which test folders of a few clips
 * need. Stretches are whole, since clips recorded one after the other are alike.
 * @param folds 2 or more   @throws {ConfigError} naming a machine with fewer normal clips than folds
 */
export function inFolds(dataset: SoundDataset, folds: number): SoundDataset {
  if (folds < 2) throw new ConfigError(`--folds: expected 2 or more, found ${folds}`);
  const note = `${folds} folds: of the normal clips to learn from, one stretch after the other is judged too, by a model that did not learn it`;
  return {
    ...dataset,
    machines: dataset.machines.flatMap((machine) => foldsOf(machine, folds)),
    notes: [...dataset.notes, note],
  };
}

function foldsOf(machine: SoundMachine, folds: number): SoundMachine[] {
  const { name, train, test } = machine;
  if (train.length < folds)
    throw new ConfigError(`--folds: expected at most the ${train.length} normal clips of ${name}, found ${folds}`);
  return Array.from({ length: folds }, (_, fold) => {
    const border = (at: number): number => Math.floor((at * train.length) / folds);
    const isJudged = (i: number): boolean => i >= border(fold) && i < border(fold + 1);
    const judged = train.filter((_, i) => isJudged(i)).map((clip) => ({ ...clip, anomalous: false }));
    return {
      ...machine,
      name: `${name}_fold_${fold + 1}`,
      section: `fold_${fold + 1}`,
      train: train.filter((_, i) => !isJudged(i)),
      test: [...test, ...judged].sort((a, b) => (a.path < b.path ? -1 : 1)),
    };
  });
}
