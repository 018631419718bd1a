/** One method: what it is, and every setting that repeats its figures. */
import { escapeHtml, htmlTable } from '../../report/html.js';
import type { SoundOutcome } from '../evaluate-sound.js';
import type { JudgedTrial } from '../judge.js';
import { levelWords } from './tables.js';

/** @param outcomes of one method */
export function settingsSection(outcomes: readonly SoundOutcome[]): string {
  const [first] = outcomes;
  if (!first) return '';
  const { method } = first;
  const done = outcomes.flatMap(({ trials }) => trials.filter((trial) => trial !== null));
  const notes = [...new Set(done.flatMap(({ result }) => result.notes))].map((note) => `<li>${escapeHtml(note)}</li>`);
  return `<details><summary>${escapeHtml(method.name)}</summary><p>${escapeHtml(method.title)}. Method ${escapeHtml(method.method)}${method.recipe ? `, recipe ${escapeHtml(method.recipe)}` : ''}.</p>
${htmlTable('Features', ['setting', 'value'], featureFacts(method.spec))}
${done.length > 0 ? htmlTable('Learning, of all trials; several values are those of different machines, levels or seeds', ['setting', 'value'], learningFacts(done, method.settings)) : ''}
${htmlTable('Trials', ['machine', 'level', 'trial', 'rows', 'of', 'epochs', 'final loss', 'threshold', 'set on'], trialRows(outcomes))}
${notes.length > 0 ? `<p>Said while learning:</p><ul>${notes.join('')}</ul>` : ''}</details>`;
}

function featureFacts(spec: SoundOutcome['method']['spec']): [string, string][] {
  return Object.entries(spec).flatMap(([name, value]): [string, string][] => {
    if (name === 'level') return [];
    if (name !== 'mel') return [[name, shown(value)]];
    return Object.entries(value as object).map(([inner, number]) => [inner, shown(number)]);
  });
}

function learningFacts(done: readonly JudgedTrial[], overrides: object): [string, string][] {
  const names = [...new Set(done.flatMap(({ result }) => Object.keys(result.hyperparameters)))];
  const different = (of: (trial: JudgedTrial) => unknown): string => {
    const values = [...new Set(done.map((trial) => shown(of(trial))))];
    return values.length > 4 ? `${values.slice(0, 4).join('; ')}; … (${values.length} values)` : values.join('; ');
  };
  return [
    ['numbers a row', different(({ result }) => result.width)],
    ...names.map((name): [string, string] => [
      name in overrides ? `${name} (set)` : name,
      different(({ result }) => result.hyperparameters[name] ?? ''),
    ]),
    ['clips repeated to the length of a window', different(({ result }) => result.repeated)],
    ['steps skipped because they were not finite', different(({ result }) => result.skippedSteps)],
    ['covariances loaded again', different(({ result }) => result.singularRetries)],
  ];
}

function trialRows(outcomes: readonly SoundOutcome[]): (string | number)[][] {
  return outcomes.flatMap(({ machine, levelMatched, trainLevelDb, trials }) =>
    trials.flatMap((trial, i) => {
      if (!trial) return [];
      const { result, threshold, thresholdFrom, thresholdClips } = trial;
      const loss = result.finalLoss === null ? '' : shown(result.finalLoss);
      const set = `${thresholdClips} ${thresholdFrom} clips`;
      return [
        [
          machine.name,
          levelMatched ? `matched to ${trainLevelDb.toFixed(1).replace('-', '−')} dBFS` : levelWords(false),
          i + 1,
          result.rows,
          result.rowsFound,
          result.epochs,
          loss,
          shown(threshold),
          set,
        ],
      ];
    }),
  );
}

function shown(value: unknown): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(6)));
  return Array.isArray(value) ? value.map(shown).join('-') : String(value);
}
