/** Several DAGMMs of the same rows in one model, whose energy is the mean of theirs: what one of them missed by chance, or by its shape, others see. */
import type { Checkpoint, CheckpointStore } from './checkpoint.js';
import { jointPhase, randomAutoencoder, reconstructionPhase } from './dagmm-phases.js';
import { fitLatentMixture, type LatentMixture } from './latent-mixture.js';
import type { FitOptions, FitProgress } from './method.js';
import { runPhases, type TrainedPhases } from './phases.js';
import { type PreparedRows, prepareRows } from './prepared-rows.js';
import { openRandom } from './random.js';
import { type DagmmSettings, networkShape } from './recipes.js';
import { floats } from './recorded.js';
import type { RowMatrix } from './row-matrix.js';

export interface TrainedMembers extends Pick<TrainedPhases, 'epochs' | 'skippedSteps' | 'finalLoss'> {
  /** The first one's settings are those of the training. */
  readonly members: readonly [LatentMixture, ...LatentMixture[]];
  /** (W) mean of the training rows, raw. */
  readonly meanRow: Float32Array;
}

/** One after the other; all see the rows through the same transform. @throws as {@link prepareRows} and runPhases do */
export async function trainMembers(
  rows: RowMatrix,
  settings: DagmmSettings,
  options: Omit<FitOptions, 'settings'>,
): Promise<TrainedMembers> {
  const first = prepareRows(rows, settings);
  const count = Math.max(1, settings.members);
  const trained = await trainAll(first, count, options);
  const { loss, epochs } = trained[0] as MemberTraining;
  options.onProgress?.({ phase: 'mixture', step: 0, steps: 0, loss });
  const members: LatentMixture[] = [];
  for (const [i, { parameters }] of trained.entries()) {
    const own = alike(memberOf(first, i), members);
    members.push(await fitLatentMixture(own, parameters, { ...options, seed: seedOf(options.seed, i) }));
  }
  return {
    members: members as [LatentMixture, ...LatentMixture[]],
    meanRow: first.meanRow,
    epochs,
    skippedSteps: trained.reduce((sum, { skipped }) => sum + skipped, 0),
    finalLoss: loss,
  };
}

/** The second half of the members has the narrow code and no other K than the recipe's. */
function memberOf(first: PreparedRows, i: number): PreparedRows {
  const { settings, x } = first;
  if (i < settings.members / 2 || settings.narrowCode === 0) return first;
  const narrow = { ...settings, code: settings.narrowCode, emComponents: [settings.components] };
  return { ...first, settings: narrow, shape: networkShape(narrow, x.width, x.outside !== null) };
}

/** K is looked for once for each width of the code: a search costs more than a training. */
function alike(own: PreparedRows, fitted: readonly LatentMixture[]): PreparedRows {
  const before = fitted.find(({ model }) => model.settings.code === own.settings.code);
  if (!before) return own;
  const { choice, model } = before;
  const emComponents = choice.fit === 'em' ? [choice.mixture.components] : [];
  const wideComponents = model.wide ? [model.wide.components] : [];
  return { ...own, settings: { ...own.settings, emComponents, wideComponents } };
}

/** The first member has the training's own seed. */
const seedOf = (seed: number, member: number): number =>
  member === 0 ? seed : openRandom(seed, 'member', member).below(2 ** 31 - 1);

interface MemberTraining {
  readonly parameters: Float32Array;
  readonly skipped: number;
  readonly loss: number;
  readonly epochs: number;
}

async function trainAll(first: PreparedRows, count: number, options: Omit<FitOptions, 'settings'>) {
  const trained = await finishedMembers(options.checkpoints);
  for (let i = trained.length; i < count; i++) {
    const own = memberOf(first, i);
    const seed = seedOf(options.seed, i);
    const phases = [...reconstructionPhase(own, seed), jointPhase(own, seed)];
    const checkpoints = options.checkpoints && checkpointsOf(options.checkpoints, [...trained]);
    const onProgress = progressOf(options, i, count);
    const end = await runPhases(phases, randomAutoencoder(own, seed), { ...options, checkpoints, onProgress });
    const { parameters, skippedSteps, finalLoss, epochs } = end;
    trained.push({ parameters, skipped: skippedSteps, loss: finalLoss, epochs });
  }
  return trained;
}

/** Members take as many steps as each other. */
function progressOf({ onProgress }: Pick<FitOptions, 'onProgress'>, member: number, members: number) {
  return ({ step, steps, ...rest }: FitProgress): void =>
    onProgress?.({ ...rest, step: member * steps + step, steps: members * steps });
}

/** A finished member in a checkpoint: its parameters, and behind them what else is known of it. */
const toTensor = ({ parameters, skipped, loss, epochs }: MemberTraining) => ({
  data: Float32Array.from([...parameters, skipped, loss, epochs]),
  shape: [parameters.length + 3],
});

function fromTensor(data: Float32Array): MemberTraining {
  const [skipped, loss, epochs] = data.slice(-3) as unknown as [number, number, number];
  return { parameters: data.slice(0, -3), skipped, loss, epochs };
}

/** Checkpoints of one member also hold those that are finished; its phases are marked by their number: `joint+2`. */
function checkpointsOf(store: CheckpointStore, finished: readonly MemberTraining[]): CheckpointStore {
  const mark = finished.length === 0 ? '' : `+${finished.length}`;
  const whole = (checkpoint: () => Checkpoint) => (): Checkpoint => {
    const own = checkpoint();
    return { ...own, phase: `${own.phase}${mark}`, state: [...own.state, ...finished.map(toTensor)] };
  };
  return {
    ...store,
    async read() {
      const saved = await store.read();
      if (!saved || finishedIn(saved) !== finished.length) return null;
      const state = saved.state.slice(0, saved.state.length - finished.length);
      return { ...saved, phase: saved.phase.slice(0, saved.phase.length - mark.length), state };
    },
    save: (checkpoint) => store.save(whole(checkpoint)),
    offer: (checkpoint) => store.offer(whole(checkpoint)),
  };
}

const finishedIn = ({ phase }: Checkpoint): number => Number(phase.split('+')[1] ?? 0);

async function finishedMembers(store: CheckpointStore | undefined): Promise<MemberTraining[]> {
  const saved = (await store?.read()) ?? null;
  const count = saved ? finishedIn(saved) : 0;
  return saved && count > 0 ? saved.state.slice(-count).map((tensor) => fromTensor(floats(tensor))) : [];
}
