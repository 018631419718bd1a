import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readWav } from '../../src/sources/audio/index.js';
import { encodeWav } from '../../src/sources/wav-encode.js';
import { writeClip } from '../evaluation/sound/machine.js';
import { newFolder, Service } from '../support/service.js';

const folder = newFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const number = (i: number, digits = 8) => String(i).padStart(digits, '0');

async function evaluate(dataset: string, data: string, ...args: string[]) {
  const all = ['evaluate', '--dataset', dataset, '--data', data, '--method', 'mean-spectrum', '--jobs', '1', ...args];
  return Service.run(all, { cwd: folder, env: { XDG_CACHE_HOME: join(folder, 'cache') } });
}

/** Two seconds of a pump of MIMII as its archives have them: eight channels, the pump on the one that faces it. */
function writeEightChannels(path: string, samples: Float32Array): void {
  const all = Float32Array.from({ length: 8 * samples.length }, (_, i) =>
    i % 8 === 2 ? (samples[i >> 3] as number) : 0.01 * Math.sin(i * i),
  );
  const bytes = encodeWav(all, 16_000);
  bytes.writeUInt16LE(8, 22);
  bytes.writeUInt32LE(16_000 * 16, 28);
  bytes.writeUInt16LE(16, 32);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

/** Pieces of the demo's clips of two pumps, at one noise level: 11 normal and 3 abnormal of each. */
async function writeMimii(): Promise<string> {
  const data = join(folder, 'mimii');
  for (const id of ['00', '04']) {
    for (const [label, count] of [
      ['normal', 11],
      ['abnormal', 3],
    ] as const) {
      const { samples } = await readWav(`models/demo-sound/pump-${id}-${label}.wav`);
      for (let i = 0; i < count; i++) {
        const path = join(data, '0_dB_pump', 'pump', `id_${id}`, label, `${number(i)}.wav`);
        writeEightChannels(path, samples.subarray(i * 12_000, i * 12_000 + 33_600));
      }
    }
  }
  return data;
}

describe('auscult evaluate of a published layout', () => {
  it("judges MIMII's machines by the microphone that faces them, and reports it", async () => {
    const data = await writeMimii();
    const [report, csv] = [join(folder, 'mimii.html'), join(folder, 'csv')];
    const { code, out, err } = await evaluate('mimii', data, '--json', '--report', report, '--csv', csv);
    expect([code, err]).toEqual([0, expect.stringMatching(/channel facing the machine, counted from 0: pump 2/)]);
    const { results } = JSON.parse(out) as { results: { machine: string; levelMatched: boolean; auc: number }[] };
    const counts = { type: 'pump', snrDb: 0, trainClips: 8, normals: 3, anomalies: 3 };
    expect(results).toMatchObject([
      { machine: 'pump_id_00_0dB', section: 'id_00', ...counts, levelMatched: false },
      { machine: 'pump_id_00_0dB', section: 'id_00', ...counts, levelMatched: true },
      { machine: 'pump_id_04_0dB', section: 'id_04', ...counts, levelMatched: false },
      { machine: 'pump_id_04_0dB', section: 'id_04', ...counts, levelMatched: true },
    ]);
    for (const { auc } of results) expect(auc).toBeGreaterThan(0.9); // the other channels hold the same in all clips
    const scores = readFileSync(
      join(csv, 'mean-spectrum', 'level-matched', 'anomaly_score_pump_id_04_0dB.csv'),
      'utf8',
    );
    expect(scores).toMatch(/^abnormal\/00000000\.wav,[-\d.]+\nabnormal\/00000001\.wav,/);
    const page = readFileSync(report, 'utf8');
    expect(page).toMatch(/MIMII autoencoder.*pump id_04 0 dB/);
    expect(page.match(/<image href="data:image\/png/g)).toHaveLength(2 * 3 * 2);
    expect(page).toContain('auscult evaluate --dataset mimii');
  });

  it("judges DCASE 2020's machines, and one alone where it is asked for", async () => {
    const data = join(folder, 'dcase2020');
    for (const id of ['00', '02']) {
      const clip = (place: string, i: number, anomalous = false) =>
        writeClip(join(data, 'dev_data', 'pump', `${place}_id_${id}_${number(i)}.wav`), {
          seed: 99 * i + Number(id),
          anomalous,
        });
      for (let i = 0; i < 8; i++) clip('train/normal', i);
      for (let i = 8; i < 10; i++) clip('test/normal', i);
      for (let i = 10; i < 12; i++) clip('test/anomaly', i, true);
    }
    const { code, out } = await evaluate('dcase2020', data, '--only', 'id_02', '--json', '--level-match', 'on');
    expect(code).toBe(0);
    expect(JSON.parse(out).results).toMatchObject([
      { machine: 'pump_id_02', trainClips: 8, normals: 2, anomalies: 2, auc: 1, levelMatched: true, domains: [] },
    ]);
  });

  it("judges both domains of DCASE 2024's machines", async () => {
    const data = join(folder, 'dcase2024');
    const clip = (middle: string, i: number, anomalous = false) => {
      const side = middle.includes('train') ? 'train' : 'test';
      const name = `section_00_${middle}_${number(i, 4)}_noAttribute.wav`;
      writeClip(join(data, 'fan', side, name), { seed: 77 * i + middle.length, anomalous });
    };
    for (let i = 0; i < 8; i++) clip('source_train_normal', i);
    clip('target_train_normal', 8);
    for (const domain of ['source', 'target']) {
      for (let i = 9; i < 11; i++) clip(`${domain}_test_normal`, i);
      for (let i = 11; i < 13; i++) clip(`${domain}_test_anomaly`, i, true);
    }
    const report = join(folder, 'dcase.html');
    const { code, out } = await evaluate('dcase2024', data, '--json', '--level-match', 'off', '--report', report);
    expect(code).toBe(0);
    const domain = { normals: 2, anomalies: 4, auc: 1 };
    expect(JSON.parse(out).results).toMatchObject([
      {
        machine: 'fan_section_00',
        domains: [
          { domain: 'source', ...domain },
          { domain: 'target', ...domain },
        ],
      },
    ]);
    expect(readFileSync(report, 'utf8')).toMatch(/official<\/th>/);
  });

  it('says what it expected of a folder of another kind', async () => {
    const { code, err } = await evaluate('mimii', join(folder, 'dcase2020'));
    expect(code).toBe(1);
    expect(err).toMatch(/expected MIMII, unpacked: .*found .*zenodo\.org\/records\/3384388/);
  });
});
