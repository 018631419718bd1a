import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/evaluation/dataset.js';
import { datasetNamed } from '../../src/evaluation/datasets/index.js';
import { type EvaluateOptions, type Evaluation, evaluate } from '../../src/evaluation/evaluate.js';
import { methodRuns } from '../../src/evaluation/method-request.js';
import { reportPage } from '../../src/evaluation/report/report.js';
import { openResultCache } from '../../src/evaluation/result-cache.js';
import { resultObject } from '../../src/evaluation/result-json.js';
import { parseAssignment } from '../../src/evaluation/settings.js';
import { chromiumMissing, launchBrowser, openPage } from '../dashboard/browser.js';
import { rigRows, thyroidPath, writeTable } from './tables.js';

const folder = mkdtempSync(join(tmpdir(), 'auscult-evaluate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const quick = ['pretrainEpochs=4', 'jointEpochs=4', 'members=1', 'emComponents=2'].map(parseAssignment);
const signal = new AbortController().signal;
let thyroid: Dataset;
beforeAll(async () => {
  thyroid = await datasetNamed('thyroid').load({ data: thyroidPath, signal });
});

function run(options: Partial<EvaluateOptions> = {}): Promise<Evaluation> {
  return evaluate({
    dataset: thyroid,
    methods: methodRuns({ names: ['dagmm', 'knn'], assignments: quick }),
    protocol: 'paper',
    seeds: 2,
    cache: openResultCache(join(folder, 'cache')),
    signal,
    ...options,
  });
}

const metrics = ({ outcomes }: Evaluation) => outcomes.map(({ trials }) => trials.map((trial) => trial?.metrics));

describe('an evaluation', () => {
  it('judges every method on the same splits and is the same again, one or two at a time', async () => {
    const first = await run({ jobs: 2 });
    const [dagmm, knn] = first.outcomes;
    expect(first.reused).toBe(0);
    for (const [i, trial] of (dagmm?.trials ?? []).entries()) {
      const other = knn?.trials[i];
      expect([trial?.testRows, trial?.anomalies]).toEqual([other?.testRows, other?.anomalies]);
      expect(trial?.metrics.auc).toBeGreaterThan(0.8);
      expect(trial?.losses.map(({ phase }) => phase)).toEqual(['pretrain', 'joint']);
      expect(trial?.latent?.axes).toHaveLength(3);
      expect(trial?.hyperparameters).toMatchObject({ pretrainEpochs: 4, jointEpochs: 4 });
    }
    expect(knn?.trials[0]?.latent).toBeNull();
    const again = await run({ jobs: 1, cache: openResultCache(join(folder, 'other')) });
    expect(metrics(again)).toEqual(metrics(first));
  });

  it('reuses finished trials, also among more seeds and methods, and not for other settings', async () => {
    await run();
    const more = await run({ seeds: 3, methods: methodRuns({ names: ['knn', 'pca'] }) });
    expect(more.reused).toBe(2);
    const other = methodRuns({ names: ['dagmm'], assignments: [...quick, parseAssignment('lambdaEnergy=.2')] });
    expect((await run({ methods: other, seeds: 1 })).reused).toBe(0);
  });

  it('on one split leaves nothing but the spread of the method', async () => {
    const { outcomes } = await run({ splitSeed: 7 });
    const [dagmm, knn] = outcomes;
    expect(knn?.trials[0]?.metrics).toEqual(knn?.trials[1]?.metrics);
    expect(dagmm?.trials[0]?.metrics).not.toEqual(dagmm?.trials[1]?.metrics);
  });

  it('tells in its row that a method failed, and goes on with the others', async () => {
    const notes: string[] = [];
    const methods = methodRuns({ names: ['knn', 'pca'], assignments: [parseAssignment('knn.k=0')] });
    const { outcomes } = await run({ methods, seeds: 1, onNote: (line) => notes.push(line) });
    const facts = { dataset: 'thyroid', protocol: 'paper', seeds: 1, firstSeed: 0, splitSeed: null } as const;
    const { results } = resultObject(facts, outcomes);
    expect(results[0]).toMatchObject({ method: 'knn', trials: 0, error: expect.stringMatching(/k.*found 0/) });
    expect(results[0]).not.toHaveProperty('f1');
    expect(results[1]).toMatchObject({ method: 'pca', trials: 1, f1: { sd: 0 }, difference: { f1: null } });
    expect(notes.join('\n')).toMatch(/^knn, seed 0: /m);
  });

  it('fails every method on fewer rows than can be learnt from, saying how many are needed', async () => {
    const rows = rigRows(14).map(({ flow, pressure, faulty }) => `${flow},${pressure},${faulty ? 1 : 0}`);
    const data = writeTable(join(folder, 'small.csv'), 'flow,pressure,faulty', [...rows, '9,9,1', '8,9,1', '9,8,1']);
    const dataset = await datasetNamed('csv').load({ data, labelColumn: 'faulty', signal });
    const { outcomes } = await run({ dataset, seeds: 1 });
    for (const { error } of outcomes) expect(error).toMatch(/rows: expected at least 8, found \d/);
  });

  it('ends when it is told to, with the reason, and keeps what is finished', async () => {
    const controller = new AbortController();
    const cache = openResultCache(join(folder, 'stopped'));
    const long = methodRuns({ names: ['pca', 'dagmm'], assignments: ['jointEpochs=100000'].map(parseAssignment) });
    let finished = false;
    const stopped = run({
      methods: long,
      seeds: 1,
      jobs: 1,
      cache,
      signal: controller.signal,
      onProgress: (_, note) => {
        if (note.startsWith('dagmm') && !finished) controller.abort(new Error('enough'));
        finished ||= note.startsWith('dagmm');
      },
    });
    await expect(stopped).rejects.toThrow('enough');
    expect((await run({ methods: methodRuns({ names: ['pca'] }), seeds: 1, cache })).reused).toBe(1);
  });

  it('reports how far it is', async () => {
    const shares: number[] = [];
    await run({ jobs: 1, cache: openResultCache(folder, { fresh: true }), onProgress: (share) => shares.push(share) });
    expect(shares.at(-1)).toBe(1);
    expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
  });
});

describe('the report', () => {
  let page: string;
  let browser: Browser | null = null;
  beforeAll(async () => {
    const longer = ['pretrainEpochs=40', 'jointEpochs=70', 'members=1', 'emComponents=2'].map(parseAssignment);
    const methods = methodRuns({ names: ['dagmm', 'knn'], assignments: longer });
    const { outcomes } = await run({ methods });
    const result = resultObject(
      { dataset: 'thyroid', protocol: 'paper', seeds: 2, firstSeed: 0, splitSeed: null },
      outcomes,
    );
    const dataset = { ...thyroid, notes: ['<b>a note</b>'] };
    page = reportPage({ dataset, result, outcomes, command: 'auscult evaluate --set "x=<1>"', version: '1.2.3' });
    if (!chromiumMissing) browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  it('needs no script and no network, and shows what it was given as text', () => {
    expect(page).not.toMatch(/<script|https?:\/\/|url\(|@import|<b>a note/i);
    expect(page).toContain('&#60;b&#62;a note');
    expect(page).toContain('--set &#34;x=&#60;1&#62;&#34;');
    for (const word of ['NaN', 'undefined', 'Infinity', '[object']) expect(page).not.toContain(word);
  });

  it.skipIf(chromiumMissing)("opens without a complaint in Debian's chromium, light and dark", async () => {
    const path = join(folder, 'report.html');
    writeFileSync(path, page);
    for (const colorScheme of ['light', 'dark'] as const) {
      const opened = await openPage(browser as Browser, pathToFileURL(path).href, { colorScheme });
      const charts = await opened.page.getByRole('img').all();
      const names = await Promise.all(charts.map((chart) => chart.getAttribute('aria-label')));
      for (const what of ['ROC', 'Precision-recall', 'Energies', 'Latent space', 'Loss'])
        expect(names.some((name) => name?.startsWith(what))).toBe(true);
      expect(
        await opened.page
          .getByRole('row', { name: /dagmm robust/ })
          .first()
          .innerText(),
      ).toMatch(/0\.\d{3} ± 0\.\d{3}/);
      expect(await opened.page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
        colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(20, 23, 26)',
      );
      expect(opened.complaints).toEqual([]);
      await opened.close();
    }
  });
});
