import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommissionOptions, commission } from '../../src/commissioning/commission.js';
import { presetRequest } from '../../src/commissioning/presets/index.js';
import type { Origin, RowObservation, Source, Window } from '../../src/contracts.js';
import { createFeatures } from '../../src/features/create-features.js';
import { defaultMelFrames } from '../../src/features/default-specs.js';
import { NormalClips } from '../../src/scorers/normal-clips.js';
import { readPackage } from '../../src/scorers/package-files.js';
import { openScorer } from '../../src/scorers/package-scorer.js';
import { openRandom } from '../../src/scorers/random.js';
import { wavFileSource } from '../../src/sources/audio/index.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auscult-commission-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const clip = (name: string): string => fileURLToPath(new URL(`../../models/demo-sound/${name}.wav`, import.meta.url));
const sound = (name: string): Source =>
  wavFileSource({ feed: 'test', machine: 'pump', files: [clip(name)], startMs: 0 });

/** The observations of a source that end by then. */
function until(source: Source, ms: number): Source {
  return {
    feed: source.feed,
    async *stream(signal) {
      for await (const item of source.stream(signal)) if (item.kind === 'trouble' || item.endMs <= ms) yield item;
    },
  };
}

/** Rows of a rig: flow and pressure follow each other, the mode is one of two, an index and a constant say nothing. */
function rig(count: number): Source {
  const random = openRandom(1, 'rig');
  return {
    feed: 'rig',
    async *stream() {
      for (let row = 1; row <= count; row++) {
        const flow = random.normal();
        const cells = {
          '': row,
          flow: 10 + flow,
          pressure: 3 + 0.2 * flow + 0.01 * random.normal(),
          mode: flow > 0 ? 'a' : 'b',
          unit: 'bar',
        };
        const origin: Origin = {
          feed: 'rig',
          machine: 'rig',
          sequence: row - 1,
          startMs: row * 1000,
          endMs: row * 1000 + 1000,
          origin: 'rig.csv',
          gap: row === 1,
        };
        yield { kind: 'row', ...origin, row, cells } satisfies RowObservation;
      }
    },
  };
}

/** The rig's rows as three files: the valve moves in the last fifth of each, the shift with the file. */
function threeFiles(): Source {
  return {
    feed: 'rig',
    async *stream(signal) {
      for await (const item of rig(600).stream(signal)) {
        if (item.kind !== 'row') continue;
        const [file, at] = [Math.floor(item.sequence / 200), item.sequence % 200];
        const cells = { ...item.cells, valve: at < 160 ? 0 : 1, shift: file % 2 };
        yield { ...item, origin: `${file}.csv`, gap: at === 0, cells };
      }
    },
  };
}

const toldBy = ({ faults = [] }: Window): string[] => faults.map(({ message }) => message);

const tableOptions = (out: string): CommissionOptions => ({
  open: () => rig(600),
  ...presetRequest('table'),
  out: join(folder, out),
});

async function energies(out: string, source: Source): Promise<number[]> {
  const scorer = await openScorer(out);
  try {
    const features = await createFeatures(scorer.manifest.features);
    const all: number[] = [];
    for await (const item of source.stream(new AbortController().signal)) {
      if (item.kind !== 'trouble') all.push(...(await scorer.score(features.push(item))));
    }
    return all;
  } finally {
    await scorer.close();
  }
}

describe('commissioning on sound', () => {
  it.each(['keep', 'match'] as const)(
    'learns a pump from its first 7 s and tells its fault, level policy %s',
    async (level) => {
      const out = join(folder, `pump-${level}`);
      const manifest = await commission({
        open: () => until(sound('pump-00-normal'), 7_000),
        ...presetRequest('mel-frames', { level }),
        out,
      });
      expect(manifest.features).toMatchObject({ kind: 'mel-frames', level: { policy: level } });
      expect(manifest.training).toMatchObject({ preset: 'mel-frames', recipe: 'robust', files: 1, skippedSteps: 0 });
      expect(manifest.training.heldOutRows).toBeGreaterThan(0);
      expect(manifest.calibration.level?.meanDb).toBeLessThan(0);
      expect(manifest.calibration.descriptors).not.toBeNull();
      const [normal, ...others] = (await NormalClips.open(out, defaultMelFrames()))?.clips ?? [];
      expect([normal?.origin, normal?.file, others]).toEqual(['pump-00-normal.wav', 'normals/00.wav', []]);
      const unseen = (await energies(out, sound('pump-00-normal'))).slice(-3);
      expect(Math.min(...(await energies(out, sound('pump-00-abnormal'))))).toBeGreaterThan(Math.max(...unseen));
    },
  );
});

describe('a recording that was played twice', () => {
  it.each(['keep', 'match'] as const)('is known as such, level policy %s', async (level) => {
    const manifest = await commission({
      open: () =>
        wavFileSource({ feed: 'test', machine: 'pump', files: Array(2).fill(clip('pump-00-normal')), startMs: 0 }),
      ...presetRequest('mel-frames', { level }),
      settings: { pretrainEpochs: 1, jointEpochs: 1 },
      out: join(folder, `twice-${level}`),
    });
    expect(manifest.calibration.repeatedShare).toBeGreaterThan(0.45);
    expect(manifest.calibration.repeatedShare).toBeLessThan(0.51);
  });
});

describe('commissioning on a table', () => {
  it('learns its columns, drops what says nothing, and gives the same bits again', async () => {
    const [first, second] = [await commission(tableOptions('rig')), await commission(tableOptions('rig-again'))];
    expect(first.features).toMatchObject({ columns: [{ name: 'flow' }, { name: 'pressure' }, { name: 'mode' }] });
    expect(first.training).toMatchObject({ rows: 480, heldOutRows: 120 });
    expect(first.calibration).toMatchObject({ windowMs: 1000, hopMs: 1000 });
    expect(second.modelDigest).toBe(first.modelDigest);
    expect((await readPackage(join(folder, 'rig'))).manifest).toEqual(first);
  });

  it('goes on after being cancelled, to the bits of an uninterrupted training', async () => {
    const whole = await commission({ ...tableOptions('whole'), settings: { jointEpochs: 1000 } });
    const controller = new AbortController();
    const reason = new Error('the operator pressed a key');
    const stopped = commission({
      ...tableOptions('resumed'),
      settings: { jointEpochs: 1000 },
      signal: controller.signal,
      onProgress: ({ stage, done }) => stage === 'joint' && done > 300 && controller.abort(reason),
    });
    await expect(stopped).rejects.toBe(reason);
    expect(existsSync(join(folder, 'resumed'))).toBe(false);
    expect(existsSync(join(folder, 'resumed.partial', 'checkpoint.bin'))).toBe(true);
    const notes: string[] = [];
    const trained: number[] = [];
    const resumed = await commission({
      ...tableOptions('resumed'),
      settings: { jointEpochs: 1000 },
      onNote: (note) => notes.push(note),
      onProgress: ({ stage, done }) => stage === 'joint' && trained.push(done),
    });
    expect(notes.filter((note) => !note.startsWith('collapse'))).toEqual([]);
    expect(trained[0]).toBeGreaterThan(300);
    expect(resumed.modelDigest).toBe(whole.modelDigest);
    expect(existsSync(join(folder, 'resumed.partial'))).toBe(false);
  });

  it('says in one line that its state cannot be kept', async () => {
    await writeFile(join(folder, 'refused.partial'), '');
    const endless = { ...tableOptions('refused'), settings: { jointEpochs: 1_000_000 } };
    await expect(commission(endless)).rejects.toThrow(
      /^checkpoint .*refused\.partial.*: expected a file in a folder, the path leads elsewhere \(EEXIST\)$/,
    );
  });

  it('leaves out a column that moves only in what is held out, says so, and tells it live', async () => {
    const notes: string[] = [];
    const { features } = await commission({
      ...tableOptions('moved'),
      open: () => threeFiles(),
      settings: { pretrainEpochs: 1, jointEpochs: 1 },
      onNote: (note) => notes.push(note),
    });
    expect(features).toMatchObject({
      columns: [{ name: 'flow' }, { name: 'pressure' }, { name: 'mode' }, { name: 'shift' }],
    });
    expect(notes).toContain(
      'column valve is always 0 but for what is held out: a model cannot learn it, so it is left out; record longer',
    );
    const live = await createFeatures(features);
    const faults: string[] = [];
    for await (const item of threeFiles().stream(new AbortController().signal))
      if (item.kind !== 'trouble') for (const window of live.push(item)) faults.push(...toldBy(window));
    expect(faults[0]).toContain('valve was always 0, now 1');
  });

  it('says in one line that there is nothing to learn from', async () => {
    await expect(commission({ ...tableOptions('none'), open: () => rig(1) })).rejects.toThrow(/no column|expected/);
    await expect(commission({ ...tableOptions('few'), open: () => rig(6) })).rejects.toThrow(
      'training rows: expected at least 8, found 5',
    );
  });
});
