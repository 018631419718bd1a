import { checkDagmm } from '../dagmm-checks.js';
import { jointPhase, randomAutoencoder, reconstructionPhase } from '../dagmm-phases.js';
import { applyTransform } from '../input-transform.js';
import { fitLatentMixture } from '../latent-mixture.js';
import type { FitOptions } from '../method.js';
import { type Phase, runPhases } from '../phases.js';
import { type PreparedRows, prepareRows } from '../prepared-rows.js';
import { floats } from '../recorded.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { thinnedRows } from '../row-samples.js';
import { refuseUnusable } from '../training-rows.js';
import { fittedMixture, reportMixture } from './fitted.js';
import type { FlatSettings } from './flat-settings.js';
import type { NeuralFit } from './neural-fit.js';
import { meanResidual, parted } from './unseen-rows.js';

/** Steps of one native call: with millions of weights a step takes tenths of a second. */
const STEPS_PER_CALL = 4;

/**
 * A DAGMM on rows that are far wider than there are rows. Left alone, its networks and the scaling of its columns learn such
 * rows by heart, give them residuals that no other row has, and call every new normal row strange: an AUC below .5. So
 * columns of one band share a mean and a deviation, and each phase keeps the weights that give unseen rows back best.
 */
export const fit: NeuralFit<FlatSettings> = async (given, settings, options) => {
  refuseUnusable(given);
  const rows = thinned(given);
  const { learnt, unseen } = parted(rows, settings.unseenShare);
  const prepared = prepareRows(learnt, { ...settings, period: periodOf(options) });
  const seeing = (seen: RowMatrix): PreparedRows => ({ ...prepared, x: applyTransform(seen, prepared.transform) });
  const { seed } = options;
  const others = seeing(unseen);
  const watch: Phase['watch'] = {
    everySteps: settings.lookEvery,
    patience: settings.patience,
    look: (parameters) => meanResidual(others, floats(parameters), options),
  };
  const phases = [...reconstructionPhase(prepared, seed), jointPhase(prepared, seed)];
  const watched = phases.map((phase) => ({ ...phase, watch, stepsPerCall: STEPS_PER_CALL }));
  const trained = await runPhases(watched, randomAutoencoder(prepared, seed), options);
  reportMixture(options, trained);
  const mixture = await fitLatentMixture(seeing(rows), trained.parameters, options);
  const kept = Object.entries(trained.watched).map(([phase, { step }]) => [`kept step ${phase}`, step] as const);
  const facts = {
    ...{ learntRows: rowsOf(learnt), unseenRows: rowsOf(unseen), ...Object.fromEntries(kept) },
    learntResidual: await meanResidual(prepared, trained.parameters, options),
    unseenResidual: await meanResidual(others, trained.parameters, options),
  };
  const fitted = fittedMixture('dagmm-flat', prepared, trained, mixture, facts);
  const checks = await checkDagmm({ onnx: fitted.onnx, model: mixture.model }, rows, options);
  for (const line of checks.notes) options.onNote?.(line);
  return { ...fitted, hyperparameters: { ...fitted.hyperparameters, ...checks.facts } };
};

/** Samples are alike wherever they lie in a row, and values of one band are. */
const periodOf = ({ rowKind, rowShape }: FitOptions): number | undefined =>
  rowKind === 'raw-flat' ? 1 : rowShape?.[1];

/** Values of a training set at most, 256 MiB; of more, rows are taken evenly. */
const MOST_VALUES = 2 ** 26;

const thinned = (rows: RowMatrix): RowMatrix => thinnedRows(rows, Math.floor(MOST_VALUES / rows.width));
