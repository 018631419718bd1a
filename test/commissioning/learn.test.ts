import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Heard, type LearnOptions, learn } from '../../src/commissioning/learn.js';
import type { AudioObservation, LearnProgress, RowObservation, SignalStats } from '../../src/contracts.js';
import { openRandom } from '../../src/scorers/random.js';
import { disk, fillUp, mayMount } from '../support/small-disk.js';

const folder = mkdtempSync(join(tmpdir(), 'auscult-learn-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MIB = 1024 * 1024;
const rate = 16_000;
const random = openRandom(1, 'learn');
const healthy: SignalStats = { rms: 0.05, peak: 0.2, dc: 0, clippedShare: 0, stuckShare: 0, nonFinite: 0 };
const at = (sequence: number, stepMs: number) => ({
  ...{ feed: 'pump', machine: 'pump', sequence, origin: 'device', gap: sequence === 0 },
  startMs: sequence * stepMs,
  endMs: (sequence + 1) * stepMs,
});

/** Second `i` of a machine's sound. */
function second(i: number, signal: Partial<SignalStats> = {}): AudioObservation {
  const samples = Float32Array.from({ length: rate }, () => 0.05 * random.normal());
  return { kind: 'audio', ...at(i, 1_000), samples, sampleRateHz: rate, signal: { ...healthy, ...signal } };
}

const row = (i: number): RowObservation => {
  const flow = random.normal();
  return { kind: 'row', ...at(i, 1_000), row: i + 1, cells: { flow, pressure: 2 * flow + 0.1 * random.normal() } };
};

/** Learns from what is heard, one after the other; what it was told, and how often it was stopped. */
async function learnt(heard: (i: number) => Heard, over: Partial<LearnOptions> = {}) {
  const told: LearnProgress[] = [];
  let count = 0;
  let stopped = false;
  const options: LearnOptions = {
    ...{ feed: 'pump', machine: 'pump', modality: 'audio', minutes: 1, live: false, preset: 'mel-frames' },
    ...{
      level: 'keep',
      picture: { width: 64, height: 64, channels: 3 },
      out: join(folder, 'package'),
      dataDir: folder,
    },
    ...{ engine: { device: 'cpu', threads: 1 }, budget: { falseAlarms: 1, perMs: 604_800_000 } },
    signal: new AbortController().signal,
    listen: (listener) => {
      void (async () => {
        for (; !stopped && count < 10_000; count++) {
          listener(heard(count));
          await null;
        }
      })();
    },
    stop: () => {
      stopped = true;
    },
    onProgress: (progress) => told.push(progress),
    onNote: () => {},
    ...over,
  };
  const learned = await learn(options).catch((error: Error) => error.message);
  return { learned, told, count, stopped };
}

describe('learning', () => {
  it('refuses a dead microphone as soon as that is certain', async () => {
    const { learned, count, stopped } = await learnt((i) => second(i, { rms: 0 }));
    expect(learned).toMatch(/expected at most 3\.0 s of silent sound, found 4\.0 s; is the microphone plugged in/);
    expect(count).toBeLessThan(7);
    expect(stopped).toBe(true);
  });

  it('refuses an offset of the converter, with which nothing would be judged', async () => {
    const { learned } = await learnt((i) => second(i, { dc: 0.12 }));
    expect(learned).toMatch(
      /expected at most 3\.0 s of off-centre sound, found 4\.0 s; the mean of its samples is not within ±0\.1/,
    );
  });

  it('refuses stuck and invalid samples by their names', async () => {
    expect((await learnt((i) => second(i, { stuckShare: 1 }))).learned).toMatch(/of stuck sound, found 4\.0 s/);
    expect((await learnt((i) => second(i, { nonFinite: 3 }))).learned).toMatch(/of invalid sound, found 4\.0 s/);
  });

  it('refuses a recording during which the machine was switched off', async () => {
    const heard = (i: number): Heard => (i === 9 ? { kind: 'machine', running: false } : second(i));
    expect((await learnt(heard)).learned).toBe('pump: expected the machine to run throughout, it was switched off');
  });

  it('says how much was heard when the source ends, or does not deliver', async () => {
    const ending = await learnt((i) => (i === 12 ? { kind: 'end' } : second(i)));
    expect(ending.learned).toBe('pump: expected 1 min of normal running, found 0.2 min before the source ended');
    const aborted = new AbortController();
    aborted.abort(new Error('stopped'));
    expect((await learnt(second, { signal: aborted.signal })).learned).toBe('stopped');
    expect(existsSync(join(folder, 'package'))).toBe(false);
  });

  it('refuses minutes and presets that make no sense before anything is recorded', async () => {
    const before = readdirSync(join(folder, 'learned', 'pump')).length;
    expect((await learnt(second, { minutes: 0.5 })).learned).toBe('minutes: expected 1 to 1440, found 0.5');
    expect((await learnt(second, { preset: 'table' })).learned).toMatch(/preset: table is for table, .*audio/);
    expect((await learnt(second, { preset: 'none' })).learned).toMatch(/preset: expected one of .*, found "none"/);
    expect(readdirSync(join(folder, 'learned', 'pump'))).toHaveLength(before);
  });

  it('counts the time of rows by their own clock without the gaps, learns them, and says what it promises', async () => {
    const heard = (i: number): Heard => ({ ...row(i), ...(i === 50 && { startMs: 9e6, gap: true }) });
    const { learned, told, count } = await learnt(heard, { modality: 'table', preset: 'table', minutes: 2 });
    expect(learned).toMatchObject({
      promise: expect.stringMatching(/needs .* more recorded for at most 1 false alarm a week/),
    });
    expect(count).toBeGreaterThan(119);
    expect(count).toBeLessThan(124);
    expect(new Set(told.map(({ stage }) => stage))).toEqual(new Set(['recording', 'training']));
    expect(told.every(({ share }) => share >= 0 && share <= 1)).toBe(true);
  }, 60_000);
});

describe.skipIf(!mayMount)('learning on a small disk (needs a user who may mount a tmpfs)', () => {
  const recordings = (dataDir: string) =>
    existsSync(join(dataDir, 'learned')) ? readdirSync(join(dataDir, 'learned', 'pump')) : [];

  it('begins no recording that would fill it, saying where, how much it needs and what is free', async () => {
    const dataDir = disk(70 * MIB);
    const { learned, count } = await learnt(second, { dataDir, minutes: 10 });
    expect(learned).toBe(
      `recording in ${dataDir}: expected ${64 * MIB + 19_200_000} bytes of free disk, found ${70 * MIB}`,
    );
    expect([count, recordings(dataDir)]).toEqual([0, []]);
  });

  it('ends and deletes a recording when somebody else fills it', async () => {
    const dataDir = disk(70 * MIB);
    const { learned, count } = await learnt(
      (i) => {
        if (i === 5) fillUp(dataDir, 20 * MIB);
        return second(i);
      },
      { dataDir },
    );
    expect(learned).toMatch(/^recording in .*: expected \d+ bytes of free disk, found \d+$/);
    expect(count).toBeLessThan(10);
    expect(recordings(dataDir)).toEqual([]);
  });

  it('deletes the recording when there is no room for the package', async () => {
    const [dataDir, full] = [join(folder, 'elsewhere'), disk(16 * 1024)];
    const over = { modality: 'table', preset: 'table', minutes: 2, dataDir, out: join(full, 'package') } as const;
    const { learned } = await learnt(row, over);
    expect(learned).toMatch(/^(model|checkpoint) .*: expected room to write, the disk \(or the quota\) is full/);
    expect([recordings(dataDir), readdirSync(full)]).toEqual([[], []]);
  }, 60_000);
});
