import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type MachineOptions, writeMachine } from '../evaluation/sound/machine.js';
import { newFolder, Service, until } from '../support/service.js';

const folder = newFolder();
const made = [folder];
afterAll(() => {
  for (const one of made) rmSync(one, { recursive: true, force: true });
});

function machine(options: MachineOptions): string {
  const data = writeMachine(options);
  made.push(dirname(data));
  return data;
}

const auscult = (...args: string[]) =>
  Service.run(args, { cwd: folder, env: { XDG_CACHE_HOME: join(folder, 'cache') } });
const evaluate = (data: string, ...args: string[]) =>
  auscult('evaluate', '--dataset', 'folder', '--data', data, ...args);

const small = ['pretrainEpochs=2', 'jointEpochs=2', 'members=1', 'emComponents=2'];
const settings = small.flatMap((setting) => ['--set', `dagmm.${setting}`]);

/** Energies that `auscult train` and then `auscult score` print, by file. */
async function trainedAndScored(data: string, preset: string, set: readonly string[]): Promise<Record<string, number>> {
  const model = join(folder, preset);
  const asked = set.map((word) => word.replace('dagmm.', ''));
  const train = ['train', '--preset', preset, '--data', join(data, 'train'), '--out', model, ...asked];
  expect(await auscult(...train)).toMatchObject({ code: 0 });
  const { out } = await auscult('score', '--model', model, '--json', join(data, 'test'));
  const lines = out.trim().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const { file, energy } = JSON.parse(line) as { file: string; energy: number };
      return [file.slice(file.lastIndexOf('/') + 1), energy];
    }),
  );
}

function csvScores(path: string): Record<string, number> {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(',')).map(([file, score]) => [file ?? '', Number(score)]));
}

describe('auscult evaluate of sound', () => {
  it.each([
    ['mel-frames', settings, { train: 11, normals: 2, anomalies: 2, clip: { seconds: 2.1 } }],
    ['gmm-frames-1', [], { train: 3, normals: 1, anomalies: 2, clip: { seconds: 3.3 } }],
  ])('scores every clip, to the bit, as train and score do: %s', async (preset, set, options) => {
    const data = machine(options);
    const csv = join(folder, `csv-${preset}`);
    const [expected, found] = await Promise.all([
      trainedAndScored(data, preset, set),
      evaluate(data, '--method', preset, '--level-match', 'off', '--csv', csv, '--jobs', '1', ...set),
    ]);
    expect(found.code).toBe(0);
    expect(csvScores(join(csv, preset, 'as-recorded', 'anomaly_score_rig.csv'))).toEqual(expected);
  });

  it('prints one JSON object and nothing else, notes elsewhere, and fails when a file is broken', async () => {
    const data = machine({ train: 10, normals: 2, anomalies: 2 });
    writeFileSync(join(data, 'test', 'normal_0001.wav'), 'broken');
    const { code, out, err } = await evaluate(data, '--method', 'mean-spectrum', '--json');
    expect(code).toBe(1);
    expect(err).toContain(join(data, 'test', 'normal_0001.wav'));
    expect(err).toMatch(/1 of 14 clips skipped/);
    const object = JSON.parse(out) as { results: object[] };
    expect(object).toMatchObject({ dataset: 'folder', skipped: [{}], leaks: [], mean: [{}, {}] });
    const figures = { auc: 1, pauc: 1, precision: expect.any(Number), recall: 1, f1: expect.any(Number) };
    expect(object.results).toMatchObject([
      { machine: 'rig', method: 'mean-spectrum', levelMatched: false, normals: 1, anomalies: 2, ...figures },
      { machine: 'rig', method: 'mean-spectrum', levelMatched: true, normals: 1, anomalies: 2, ...figures },
    ]);
  });

  it('shows both levels side by side, and names what does not belong to it', async () => {
    const data = machine({ train: 10, normals: 2, anomalies: 2 });
    const { code, out } = await evaluate(data, '--method', 'mean-spectrum', '--jobs', '1');
    expect(code).toBe(0);
    expect(out).toMatch(/machine +method +clips +as recorded: AUC +pAUC +F1 +level-matched: AUC/);
    expect(out).toMatch(/rig +mean-spectrum +2 \+ 2 +1\.000 +1\.000 +[.\d]+ +1\.000/);
    const refused = async (...args: string[]) => {
      const { code, err } = await evaluate(data, ...args);
      return `${code} ${err.trim()}`;
    };
    expect(await refused('--method', 'table')).toMatch(
      /^2 .*--method: expected one of mel-frames, .* or all, found "table"/,
    );
    expect(await refused('--label-column', 'x')).toMatch(/^2 .*--label-column: not for --dataset folder/);
    expect(await refused('--set', 'nonsense=1')).toMatch(/^2 .*nonsense/);
  });

  it('cross-validates: a figure of each fold, and their mean', async () => {
    const data = machine({ train: 20, normals: 2, anomalies: 2 });
    const { code, out, err } = await evaluate(data, '--method', 'mean-spectrum', '--folds', '2', '--json');
    expect(code).toBe(0);
    expect(err).toMatch(/2 folds/);
    const { results, mean } = JSON.parse(out) as { results: { machine: string; normals: number }[]; mean: object[] };
    expect(results.map(({ machine, normals }) => `${machine} ${normals}`)).toEqual(
      ['rig_fold_1 12', 'rig_fold_2 12'].flatMap((row) => [row, row]),
    );
    expect(mean).toMatchObject([{ method: 'mean-spectrum' }, { method: 'mean-spectrum' }]);
    const table = await auscult('evaluate', '--dataset', 'csv', '--data', 'x.csv', '--folds', '2');
    expect(`${table.code} ${table.err}`).toMatch(/^2 .*--folds: not for --dataset csv/);
  });

  it('ends at an interrupt, saying where it goes on', async () => {
    const data = machine({ train: 10, normals: 2, anomalies: 2 });
    const cache = join(folder, 'interrupted');
    const args = ['evaluate', '--dataset', 'folder', '--data', data, '--method', 'gmm-frames-4', '--cache', cache];
    const run = Service.start([...args, '--seeds', '400', '--jobs', '1'], { cwd: folder });
    const finished = () => {
      try {
        return readdirSync(cache).filter((name) => name.endsWith('.json')).length;
      } catch {
        return 0;
      }
    };
    await until('a trial', () => finished() > 0);
    expect(await run.stop('SIGINT')).toMatchObject({ code: 1, signal: null });
    expect(run.output.err).toMatch(/stopping; what is finished is in .*interrupted/);
    expect(run.output.err).toMatch(/interrupted\n/);
  });
});
