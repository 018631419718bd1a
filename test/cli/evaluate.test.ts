import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { rigRows, thyroidPath, writeTable } from '../evaluation/tables.js';
import { newFolder, Service, until } from '../support/service.js';

const folder = newFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = ['pretrainEpochs=2', 'jointEpochs=2', 'members=1', 'emComponents=2', 'wideComponents=2'];
const quick = [...settings.flatMap((setting) => ['--set', setting]), '--jobs', '1'];
const thyroid = ['evaluate', '--dataset', 'thyroid', '--data', thyroidPath, ...quick];
const auscult = (...args: string[]) =>
  Service.run(args, { cwd: folder, env: { XDG_CACHE_HOME: join(folder, 'cache') } });

type Results = { results: { method: string; preset: string; f1: { mean: number; sd: number } }[] };
/** Figures without the times that no run repeats. */
function figures(json: string) {
  const { results, ...facts } = JSON.parse(json) as Results & Record<string, unknown>;
  return { ...facts, results: results.map((row) => ({ ...row, fitSeconds: null, scoreSeconds: null })) };
}

describe('auscult evaluate', () => {
  it('prints one JSON object with every metric as mean and deviation', async () => {
    const { code, out } = await auscult(...thyroid, '--method', 'dagmm,knn', '--seeds', '2', '--json');
    expect(code).toBe(0);
    const result = JSON.parse(out) as Record<string, unknown> & Results;
    expect(result).toMatchObject({ dataset: 'thyroid', protocol: 'paper', seeds: 2 });
    expect(result.results.map(({ method, preset }) => [method, preset])[0]).toEqual(['dagmm', 'robust']);
    for (const row of result.results) {
      for (const metric of ['precision', 'recall', 'f1', 'auc', 'ap'])
        expect(row).toHaveProperty(metric, { mean: expect.any(Number), sd: expect.any(Number) });
    }
  });

  it('prints a table for people and writes the report, from the trials that are there', async () => {
    const report = join(folder, 'thyroid.html');
    const { code, out } = await auscult(...thyroid, '--method', 'dagmm,knn', '--seeds', '2', '--report', report);
    expect(code).toBe(0);
    expect(out).toMatch(/3772 rows, 93 anomalies \(2\.5 %\)/);
    expect(out).toMatch(/dagmm +robust +[.\d]+ ± [.\d]+/);
    expect(out).toMatch(/ΔF1: less dagmm robust/);
    expect(out).toMatch(/4 of 4 trials were there already/);
    expect(readFileSync(report, 'utf8')).toContain('auscult evaluate --dataset thyroid');
  });

  it('goes on after it was killed, with the figures of a run that was not', async () => {
    const [killed, whole] = [join(folder, 'killed'), join(folder, 'whole')];
    const long = Service.start([...thyroid, '--seeds', '500', '--cache', killed], { cwd: folder });
    const finished = () => {
      try {
        return readdirSync(killed).filter((name) => name.endsWith('.json')).length;
      } catch {
        return 0;
      }
    };
    await until('two trials', () => finished() >= 2);
    await long.stop('SIGKILL');
    const again = await auscult(...thyroid, '--seeds', '4', '--cache', killed);
    expect(again.out).toMatch(/[2-4] of 4 trials were there already/);
    const json = ['--seeds', '4', '--json', '--cache'];
    const [ours, theirs] = [await auscult(...thyroid, ...json, killed), await auscult(...thyroid, ...json, whole)];
    expect(figures(ours.out)).toEqual(figures(theirs.out));
  });

  it('stops at an interrupt, says where finished trials are, and exits 1', async () => {
    const cache = join(folder, 'interrupted');
    const long = Service.start([...thyroid, '--seeds', '500', '--cache', cache], { cwd: folder });
    await until('a trial', () => {
      try {
        return readdirSync(cache).length > 0;
      } catch {
        return false;
      }
    });
    expect((await long.stop('SIGINT')).code).toBe(1);
    expect(long.output.err).toContain(`finished trials are in ${cache}`);
    expect(long.output.err).toContain('interrupted');
  });

  it('prints its figures where nothing can be kept, and says so once', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const { code, out, err } = await auscult(...thyroid, '--seeds', '2', '--method', 'dagmm,gmm', '--cache', file);
    expect(code).toBe(0);
    expect(out).toMatch(/dagmm +robust +[.\d]+ ± [.\d]+/);
    expect(out).not.toMatch(/kept in/);
    expect(err.trim()).toBe(`auscult: ${file}: cannot be written (EEXIST): not every result could be kept`);
  });

  it('judges a table never seen before, and says what it left out', async () => {
    const rows = rigRows(200).map(({ flow, pressure, faulty }) => `7;${flow};${pressure};${faulty ? 'yes' : 'no'}`);
    const data = writeTable(join(folder, 'rig.csv.gz'), 'site;flow;pressure;faulty', rows);
    const csv = ['evaluate', '--dataset', 'csv', '--data', data, '--seeds', '2', ...quick];
    const labels = ['--label-column', 'faulty', '--anomaly-label', 'YES'];
    const { code, out, err } = await auscult(...csv, ...labels, '--protocol', 'goad', '--split-seed', '3');
    expect(code).toBe(0);
    expect(err).toMatch(/column "faulty" is the label and not learnt from: 20 of 200/);
    expect(err).toMatch(/"site" \(always 7\)/);
    expect(out).toMatch(/csv: 200 rows, 20 anomalies .*all on split 3/);
    expect(await auscult(...csv)).toMatchObject({ code: 2, err: expect.stringContaining('--label-column') });
    const other = await auscult(...csv, ...labels, '--exclude', 'flow,nonsense');
    expect(other).toMatchObject({ code: 2, err: expect.stringMatching(/^auscult: --exclude: no column "nonsense"/) });
  });

  it('answers wrong use with exit code 2 and one line that names it', async () => {
    const wrong: [string[], RegExp][] = [
      [['--set', 'jointEpoch=2'], /--set: expected one of .*jointEpochs.*found "jointEpoch"/],
      [['--preset', 'papers'], /--preset: expected one of robust, paper.* found "papers"/],
      [['--method', 'dagm'], /expected one of dagmm.*found "dagm"/],
      [['--seeds', '0'], /expected a whole number ≥ 1/],
    ];
    for (const [flags, words] of wrong) {
      const { code, err } = await auscult(...thyroid, ...flags);
      expect(err).toMatch(words);
      expect(code).toBe(2);
    }
    const meaningless: [string, string, string][] = [
      ['thyroid', '--exclude', 'f0'],
      ['csv', '--level-match', 'on'],
      ['csv', '--only', 'foo'],
      ['mimii', '--protocol', 'paper'],
      ['mimii', '--exclude', 'a,b'],
      ['image-folder', '--only', 'x'],
      ['image-folder', '--jobs', '2'],
      ['skab', '--cache', 'here'],
      ['skab', '--threads', '1'],
      ['skab', '--anomaly-label', 'x'],
    ];
    const answers = await Promise.all(
      meaningless.map(([dataset, ...flag]) => auscult('evaluate', '--dataset', dataset, '--data', folder, ...flag)),
    );
    for (const [i, [dataset, flag]] of meaningless.entries())
      expect(answers[i]).toMatchObject({ code: 2, err: `auscult: ${flag}: not for --dataset ${dataset}\n` });
    const absent = await auscult('evaluate', '--dataset', 'arrhythmia', '--data', 'absent.csv.gz');
    expect(absent).toMatchObject({
      code: 1,
      err: expect.stringMatching(/absent\.csv\.gz: expected arrhythmia.*https/),
    });
  });
});

describe('auscult evaluate --dataset skab', () => {
  it('names a run that is too short, and exits 1', async () => {
    const data = join(folder, 'skab');
    mkdirSync(join(data, 'valve1'), { recursive: true });
    const rows = rigRows(200).map(({ flow, pressure }, i) => `${i};${flow};${pressure};0`);
    writeTable(join(data, 'valve1', '0.csv'), 'second;flow;pressure;anomaly', rows);
    const { code, out, err } = await auscult(
      'evaluate',
      '--dataset',
      'skab',
      '--data',
      data,
      '--method',
      'gmm',
      '--seeds',
      '1',
    );
    expect([code, err]).toEqual([1, '']);
    expect(out).toMatch(/valve1\/0 could not be judged and is in no figure: .*rows after the first 400/);
    expect(out).not.toContain('NaN');
  });
});

describe('auscult train', () => {
  it('takes a method and its settings, and refuses a setting that is not there', async () => {
    const rows = rigRows(200).map(({ flow, pressure }) => `${flow},${pressure}`);
    const data = writeTable(join(folder, 'normal.csv'), 'flow,pressure', rows);
    const train = ['train', '--preset', 'table', '--data', data, '--out', 'models/rig', '--json'];
    const knn = await auscult(...train, '--method', 'knn');
    expect(knn.code).toBe(0);
    expect(JSON.parse(knn.out)).toMatchObject({ scorer: 'knn' });
    const dagmm = await auscult(...train, '--recipe', 'paper', '--set', 'jointEpochs=3', '--set', 'hidden=5,4');
    expect(JSON.parse(dagmm.out)).toMatchObject({
      scorer: 'dagmm',
      training: { recipe: 'paper', epochs: 3, hyperparameters: { hidden: [5, 4] } },
    });
    const typo = await auscult(...train, '--set', 'jointEpoch=3');
    expect(typo).toMatchObject({ code: 2, err: expect.stringContaining('found "jointEpoch"') });
    const nonsense = await auscult(...train, '--method', 'knn', '--set', 'k=0');
    expect(nonsense).toMatchObject({ code: 2, err: expect.stringMatching(/^auscult: .*k.*found 0$/m) });
  });
});
