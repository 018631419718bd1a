import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/contracts.js';
import { writeDcaseFiles } from '../../../src/evaluation/sound/csv.js';
import type { SoundEvaluation } from '../../../src/evaluation/sound/evaluate-sound.js';
import { officialScore } from '../../../src/evaluation/sound/official-score.js';
import { PUBLISHED_SOUND, publishedSound } from '../../../src/evaluation/sound/published.js';
import { heatMapUri } from '../../../src/evaluation/sound/report/png.js';
import { soundReportPage, writeSoundReport } from '../../../src/evaluation/sound/report/report.js';
import { soundObject } from '../../../src/evaluation/sound/sound-json.js';
import { encodeWav } from '../../../src/sources/wav-encode.js';
import { evaluationOf, machineOf, methodOf, outcomeOf } from './evaluations.js';

const folder = mkdtempSync(join(tmpdir(), 'auscult-sound-report-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a heat map', () => {
  it('is a PNG whose lowest row lies at the bottom, dark to light', async () => {
    const values = Float32Array.from([0, 1, 0.5, Number.NEGATIVE_INFINITY, 9, 0]);
    const uri = heatMapUri({ values, columns: 3, rows: 2, from: 0, to: 1 });
    const png = Buffer.from(uri.replace('data:image/png;base64,', ''), 'base64');
    const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([3, 2, 3]);
    const light = (x: number, y: number) => data.subarray(3 * (3 * y + x), 3 * (3 * y + x) + 3).reduce((a, b) => a + b);
    const [dark, middle, bright] = [light(0, 1), light(1, 1), light(0, 0)];
    expect(dark).toBeLessThan(middle);
    expect(middle).toBeLessThan(bright);
    expect([light(1, 0), light(2, 1), light(2, 0)]).toEqual([dark, bright, dark]);
  });
});

describe('published figures', () => {
  it('are means of their ids as the publications state them', () => {
    const pump = (dataset: string, method: string, snrDb: number | null) =>
      PUBLISHED_SOUND.find(
        (f) =>
          f.dataset === dataset && f.method === method && f.type === 'pump' && f.section === '' && f.snrDb === snrDb,
      );
    expect([6, 0, -6].map((snr) => pump('mimii', 'MIMII autoencoder', snr)?.auc?.toFixed(3))).toEqual([
      '0.799',
      '0.734',
      '0.670',
    ]);
    const dcase = pump('dcase2020', 'DCASE 2020 autoencoder', null);
    expect([dcase?.auc?.toFixed(3), dcase?.pauc?.toFixed(3)]).toEqual(['0.726', '0.600']);
    const stgram = pump('dcase2020', 'STgram-MFN', null);
    expect([stgram?.auc, stgram?.pauc]).toEqual([0.9194, 0.8175]);
  });

  it('are those of the machine alone, a folder of one being known by its name', () => {
    const names = (dataset: string, ...parts: Parameters<typeof machineOf>) =>
      publishedSound(dataset, [machineOf(...parts)]).map(
        ({ method, section, snrDb }) => `${method} ${section} ${snrDb}`,
      );
    const valve = { name: 'valve_id_02_-6dB', type: 'valve', section: 'id_02', snrDb: -6, test: [] };
    expect(names('mimii', valve)).toEqual(['MIMII autoencoder  -6', 'MIMII autoencoder id_02 -6']);
    expect(names('dcase2020', valve)).toHaveLength(4);
    expect(names('dcase2023', valve)).toEqual([]);
    expect(names('folder', { name: 'fan_id_00_0dB', test: [] })).toContain('MIMII autoencoder id_00 0');
    expect(names('folder', { name: 'fan_id_00_0dB', test: [] })).not.toContain('MIMII autoencoder id_02 0');
    expect(names('folder', { name: 'press', test: [] })).toEqual([]);
  });
});

/** A machine judged by two methods, one of which explains a clip that is there. */
function pumps(): SoundEvaluation {
  const wav = join(folder, 'abnormal_1.wav');
  const samples = Float32Array.from({ length: 32_000 }, (_, i) => 0.1 * Math.sin(i * 0.3));
  writeFileSync(wav, encodeWav(samples, 16_000));
  const test = ['normal_1.wav', 'normal_2.wav', wav, 'abnormal_<2>.wav'];
  const pump = machineOf({ name: 'pump_id_00_0dB', type: 'pump', section: 'id_00', snrDb: 0, test });
  const bands = [0, 1].map((w) => Array.from({ length: 64 }, (_, b) => (b === 10 ? 2 + w : -1)));
  const explained = [2, 3].map((test) => ({
    test,
    kind: 'found' as const,
    seconds: [0, 0.9],
    energies: [3, 4],
    bands,
  }));
  const fan = machineOf({ name: 'fan_id_00_0dB', type: 'fan', section: 'id_00', snrDb: 0, test: test.slice(0, 3) });
  return evaluationOf('mimii', [
    outcomeOf(pump, methodOf('mel-frames'), false, [1, 3, 2, 4]),
    outcomeOf(pump, methodOf('mel-frames'), true, [1, 2, 3, 4], { explained }),
    outcomeOf(pump, methodOf('mimii-ae', 'peer'), false, [4, 3, 2, 1]),
    outcomeOf(pump, methodOf('rms-only', 'control'), false, null),
    outcomeOf(fan, methodOf('mel-frames'), false, [1, 2, 3]),
  ]);
}

function pageOf(evaluation: SoundEvaluation): Promise<string> {
  const object = soundObject(evaluation, { seeds: 1, firstSeed: 0, notes: ['a note of the run'] });
  return soundReportPage({ evaluation, object, splitSeed: 5, command: 'auscult evaluate', version: '1.2.3' });
}

const words = (html: string): string => html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');

describe('the official score of DCASE', () => {
  const clip = (domain: 'source' | 'target', label: string, i: number) => ({
    path: `section_00_${domain}_test_${label}_000${i}.wav`,
    domain,
  });
  const test = [
    clip('source', 'normal', 0),
    clip('source', 'anomaly', 0),
    clip('target', 'normal', 0),
    clip('target', 'anomaly', 0),
  ];
  const rowsOf = (dataset: string, scores: number[] | null) => {
    const machine = machineOf({ name: 'fan_section_00', type: 'fan', section: 'section_00', test });
    return soundObject(
      evaluationOf(dataset, [outcomeOf(machine, methodOf('mel-frames'), false, scores, { dataset })]),
      {
        ...{ seeds: 1, firstSeed: 0, notes: [] },
      },
    );
  };

  it('is the harmonic mean of AUC in both domains and pAUC, a domain judged by all anomalies', () => {
    const { results, mean } = rowsOf('dcase2023', [1, 2, 3, 4]); // source 1; target: the anomalies 2 and 4 against 3
    const pauc = results[0]?.pauc ?? 0;
    expect(officialScore('dcase2023', results)).toBeCloseTo(3 / (1 + 1 / 0.5 + 1 / pauc), 12);
    expect(mean.map(({ official }) => official)).toEqual([officialScore('dcase2023', results)]);
  });

  it('of 2021 judges a domain by its own anomalies, and has a pAUC of each', () => {
    expect(officialScore('dcase2021', rowsOf('dcase2021', [1, 2, 3, 4]).results)).toBe(1);
    expect(officialScore('dcase2021', rowsOf('dcase2021', [1, 2, 4, 3]).results)).toBe(0);
  });

  it('is none where a section has no figure, and of other data sets', async () => {
    expect(officialScore('dcase2021', rowsOf('dcase2021', null).results)).toBeNull();
    expect(rowsOf('dcase2021', null).mean).toMatchObject([{ machines: 0, official: null }]);
    expect(officialScore('dcase2020', rowsOf('dcase2020', [1, 2, 3, 4]).results)).toBeNull();
    expect(officialScore('dcase2021', [])).toBeNull();
  });
});

describe('the report of sound', () => {
  it('needs nothing but itself', async () => {
    const page = await pageOf(pumps());
    expect(page).not.toMatch(/<script|<link rel="stylesheet"|(?:src|href)="(?!data:)/);
    expect(page).toMatch(/default-src 'none'/);
  });

  it('states figures as recorded and level-matched, means, and what failed', async () => {
    const text = words(await pageOf(pumps()));
    expect(text).toMatch(/mel-frames as recorded 2 0\.875 /);
    expect(text).toMatch(/mel-frames level-matched 1 1\.000 /);
    expect(text).toMatch(/AUC by machine type/);
    expect(text).toMatch(/rms-only as recorded failed/);
    expect(text).toMatch(/rms-only, as recorded: training rows: expected at least 8, found 4/);
  });

  it('puts the published figures beside those of the preset that follows them', async () => {
    const text = words(await pageOf(pumps()));
    expect(text).toMatch(/customer, raw pump all ids 0\.641 0\.694 0\.667 0\.805 0\.661 mel-frames 0\.750 \/ 1\.000/);
    expect(text).toMatch(/MIMII autoencoder pump id_00 0 dB 0\.614 0\.000 \/ – mel-frames 0\.750 \/ 1\.000/);
    expect(text).toMatch(/yachuchi\/mimii/);
  });

  it('draws the clips that are still there, and the energy of all', async () => {
    const page = await pageOf(pumps());
    expect(page.match(/Log-mel spectrogram/g)).toHaveLength(1);
    expect(page.match(/Energy by band and window, 0 \(dark\) to 3 \(light\)/g)).toHaveLength(2);
    expect(page.match(/Energy of each window/g)).toHaveLength(2);
    expect(page.match(/data:image\/png;base64/g)).toHaveLength(3);
    expect(words(page)).toMatch(/Clips that mel-frames, level-matched, scores highest/);
  });

  it('says what repeats it, and escapes every name', async () => {
    const page = await pageOf(pumps());
    expect(page).toContain('abnormal_&#60;2&#62;.wav');
    expect(page).not.toMatch(/<2>|<is>|<of>/);
    const text = words(page);
    expect(text).toMatch(/split seed 5\. Made by auscult evaluate , Auscult 1\.2\.3, Node v/);
    expect(text).toMatch(/melBands 64/);
    expect(text).toMatch(/components \(set\) 2/);
    expect(text).toMatch(/pump_id_00_0dB matched to −31\.5 dBFS 1 40 40 7 1\.25 /);
    for (const note of [
      'a note of the layout',
      'a note of the run',
      'skipped: x/broken.wav: 7 bytes',
      'a.wav is the training clip b.wav',
    ])
      expect(text).toContain(note);
  });

  it('says which file it could not write', async () => {
    const evaluation = pumps();
    const object = soundObject(evaluation, { seeds: 1, firstSeed: 0, notes: [] });
    const facts = { evaluation, object, splitSeed: 0, command: '', version: '' };
    await expect(writeSoundReport(join(folder, 'no', 'where.html'), facts)).rejects.toThrow(ConfigError);
  });
});

describe('CSV files of DCASE', () => {
  async function written(dataset: string, evaluation: SoundEvaluation): Promise<Record<string, string>> {
    const into = join(folder, dataset);
    await writeDcaseFiles(into, evaluation);
    const files = readdirSync(into, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.csv'));
    return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(into, name), 'utf8')]));
  }
  const toyCar = (
    dataset: string,
    section: string,
    test: Parameters<typeof machineOf>[0]['test'],
    scores: number[],
  ) => {
    const machine = machineOf({ name: `ToyCar_${section}`, type: 'ToyCar', section, test });
    return evaluationOf(dataset, [outcomeOf(machine, methodOf('mel-frames'), false, scores, { dataset })]);
  };

  it('hold file names with scores, and with 0 or 1, in the order of the test clips', async () => {
    const test = ['d/anomaly_id_01_00000000.wav', 'd/normal_id_01_00000000.wav'];
    expect(await written('dcase2020', toyCar('dcase2020', 'id_01', test, [7.25, 1]))).toEqual({
      'mel-frames/as-recorded/anomaly_score_ToyCar_id_01.csv':
        'anomaly_id_01_00000000.wav,7.25\nnormal_id_01_00000000.wav,1\n',
      'mel-frames/as-recorded/decision_result_ToyCar_id_01.csv':
        'anomaly_id_01_00000000.wav,1\nnormal_id_01_00000000.wav,0\n',
    });
  });

  it('are one a domain in 2021, and one for both later', async () => {
    const clips = (['source', 'target'] as const).flatMap((domain) =>
      ['normal', 'anomaly'].map((label) => ({ path: `section_00_${domain}_test_${label}_0000.wav`, domain })),
    );
    const names = async (dataset: string) =>
      Object.keys(await written(dataset, toyCar(dataset, 'section_00', clips, [1, 2, 1, 2]))).map((name) =>
        name.split('/').at(-1),
      );
    expect(await names('dcase2021')).toEqual([
      'anomaly_score_ToyCar_section_00_source_test.csv',
      'anomaly_score_ToyCar_section_00_target_test.csv',
      'decision_result_ToyCar_section_00_source_test.csv',
      'decision_result_ToyCar_section_00_target_test.csv',
    ]);
    expect(await names('dcase2024')).toEqual([
      'anomaly_score_ToyCar_section_00_test.csv',
      'decision_result_ToyCar_section_00_test.csv',
    ]);
  });

  it("tell MIMII's clips of one name apart, and a folder by its own name", async () => {
    const files = await written('mimii', pumps());
    expect(Object.keys(files)).toContain('mel-frames/level-matched/anomaly_score_pump_id_00_0dB.csv');
    const test = ['m/normal/00000000.wav', 'm/abnormal/00000000.wav'];
    const outcome = outcomeOf(machineOf({ name: 'my pump', test }), methodOf('mel-frames'), true, [1, 2]);
    const named = await written('folder', evaluationOf('folder', [outcome]));
    expect(named['mel-frames/level-matched/anomaly_score_my_pump.csv']).toBe(
      'normal/00000000.wav,1\nabnormal/00000000.wav,2\n',
    );
  });

  it('say which folder they could not be written to', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(writeDcaseFiles(file, pumps())).rejects.toThrow(/--csv: .*file/);
  });
});
