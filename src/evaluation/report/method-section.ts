/** One method: its curves by seed, and of its first seed energies, latent space, losses and settings. */
import { methodNamed } from '../../scorers/methods.js';
import type { MethodOutcome } from '../evaluate.js';
import type { TrialResult } from '../trial-job.js';
import { type Curve, energyHistogram, latentScatter, lossChart, unitCurves } from './charts.js';
import { escapeHtml, figure, htmlTable } from './html.js';

export const STYLES = 6;

export function methodSection(outcome: MethodOutcome, firstSeed: number, open: boolean): string {
  const done = outcome.trials.flatMap((trial, i) => (trial ? [{ trial, seed: firstSeed + i }] : []));
  const [first] = done;
  const error = outcome.error === null ? '' : `<p>Failed: ${escapeHtml(outcome.error)}</p>`;
  const { source } = methodNamed(outcome.method);
  const body = first ? figures(outcome.name, done, first) + settings(outcome, first.trial, first.seed) : '';
  return `<details${open ? ' open' : ''}><summary>${escapeHtml(outcome.name)}</summary><p>${escapeHtml(source)}</p>${error}${body}</details>`;
}

interface Done {
  readonly trial: TrialResult;
  readonly seed: number;
}

function figures(name: string, done: readonly Done[], { trial, seed }: Done): string {
  const curves = (pick: (trial: TrialResult) => Curve['points']): Curve[] =>
    done.map(({ trial, seed }, i) => ({ name: `seed ${seed}`, points: pick(trial), style: i % STYLES }));
  const { histogram, threshold, latent, losses } = trial;
  const parts = [
    figure(
      unitCurves(
        `ROC curves of ${name}`,
        ['false-positive rate', 'true-positive rate'],
        curves((t) => t.roc),
      ),
      `ROC, one curve a seed`,
    ),
    figure(
      unitCurves(
        `Precision-recall curves of ${name}`,
        ['recall', 'precision'],
        curves((t) => t.precisionRecall),
      ),
      'Precision and recall, one curve a seed',
    ),
    figure(
      energyHistogram(`Energies of ${name}`, histogram, threshold),
      `Energies of normals (blue) and anomalies (orange), seed ${seed}; rows to the right of the line are flagged; the first and last bars hold what lies beyond`,
    ),
  ];
  const pairs =
    latent === null
      ? []
      : latent.axes.length >= 3
        ? [
            [0, 1],
            [0, 2],
            [1, 2],
          ]
        : latent.axes.length === 2
          ? [[0, 1]]
          : [];
  for (const [i = 0, j = 1] of pairs) {
    if (latent === null) break;
    parts.push(
      figure(
        latentScatter(`Latent space of ${name}, axes ${i + 1} and ${j + 1}`, latent, i, j),
        `Latent space, seed ${seed}: some normals (dots) and anomalies (crosses) of the test rows; those far out lie on the border`,
      ),
    );
  }
  const phases = losses.filter(({ points }) => points.length > 1);
  if (phases.length > 0) {
    const names = phases.map(({ phase }) => phase).join(', then ');
    const drawn = phases.map(({ phase, points }, i) => ({ name: phase, points, style: i % STYLES }));
    parts.push(
      figure(lossChart(`Loss of ${name} by training step`, drawn), `Loss by training step, seed ${seed}: ${names}`),
    );
  }
  return `<div class="figures">${parts.join('\n')}</div>`;
}

function settings({ settings: overrides }: MethodOutcome, trial: TrialResult, seed: number): string {
  const shown = (value: unknown) => {
    if (typeof value === 'number') return String(Number(value.toPrecision(7)));
    return Array.isArray(value) ? value.join('-') : String(value);
  };
  const facts: [string, string][] = [
    ['rows learnt from', String(trial.trainRows)],
    ['rows judged, anomalies among them, flagged', `${trial.testRows}, ${trial.anomalies}, ${trial.flagged}`],
    ['numbers a row', String(trial.width)],
    ['epochs', String(trial.epochs)],
    ['steps skipped because they were not finite', String(trial.skippedSteps)],
    ['covariances loaded again', String(trial.singularRetries)],
    ['final loss', trial.finalLoss === null ? 'none' : String(Number(trial.finalLoss.toPrecision(6)))],
    ...Object.entries(trial.hyperparameters).map(([name, value]): [string, string] => [
      name in overrides ? `${name} (set)` : name,
      shown(value),
    ]),
  ];
  return htmlTable(`Every setting, seed ${seed}`, ['setting', 'value'], facts);
}
