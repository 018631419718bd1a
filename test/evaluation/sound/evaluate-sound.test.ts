import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openResultCache } from '../../../src/evaluation/result-cache.js';
import { parseAssignment } from '../../../src/evaluation/settings.js';
import { type EvaluateSoundOptions, evaluateSound } from '../../../src/evaluation/sound/evaluate-sound.js';
import { soundLayoutNamed } from '../../../src/evaluation/sound/layouts/index.js';
import type { SoundTrialResult } from '../../../src/evaluation/sound/sound-job.js';
import { soundObject } from '../../../src/evaluation/sound/sound-json.js';
import { soundMethods } from '../../../src/evaluation/sound/sound-methods.js';
import { encodeWav } from '../../../src/sources/wav-encode.js';
import { writeClip, writeMachine, writeStereo } from './machine.js';

const made: string[] = [];
const machine = (options: Parameters<typeof writeMachine>[0] = {}): string => {
  const folder = writeMachine(options);
  made.push(dirname(folder));
  return folder;
};
const newCache = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'auscult-clips-'));
  made.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

const never = new AbortController().signal;

async function evaluation(
  data: string,
  methods: readonly string[],
  { cacheFolder = newCache(), channel, ...options }: Partial<EvaluateSoundOptions> & { channel?: number } = {},
) {
  const dataset = await soundLayoutNamed('folder').load({ data, channel, splitSeed: 0, signal: never });
  return evaluateSound({
    ...{
      dataset,
      methods: options.methods ?? soundMethods(methods),
      levels: [false, true],
      seeds: 1,
      jobs: 1,
      signal: never,
    },
    ...{ cacheFolder, cache: openResultCache<SoundTrialResult>(cacheFolder) },
    ...options,
  });
}

type Evaluation = Awaited<ReturnType<typeof evaluation>>;
const scores = ({ outcomes }: Evaluation) => outcomes.map(({ trials }) => trials.map((t) => t?.result.testScores));
const resultsOf = (found: Evaluation) => soundObject(found, { seeds: 1, firstSeed: 0, notes: [] }).results;

describe('an evaluation of sound', () => {
  const cacheFolder = newCache();
  let rig: string;
  let first: Evaluation;
  beforeAll(async () => {
    rig = machine();
    first = await evaluation(rig, ['gmm-frames-4', 'mean-spectrum', 'rms-only'], { cacheFolder });
  });

  it('has the same figures where nothing can be kept', async () => {
    const file = join(newCache(), 'a file');
    writeFileSync(file, '');
    const again = await evaluation(rig, ['gmm-frames-4', 'mean-spectrum', 'rms-only'], { cacheFolder: file });
    expect(scores(again)).toEqual(scores(first));
    expect([again.reusedTrials, again.reusedClips]).toEqual([0, 0]);
  });

  it('tells a whine from the hum, as recorded and at equal loudness', () => {
    const rows = resultsOf(first);
    expect(rows.map(({ method, levelMatched }) => [method, levelMatched])).toEqual(
      ['gmm-frames-4', 'mean-spectrum', 'rms-only'].flatMap((name) => [
        [name, false],
        [name, true],
      ]),
    );
    for (const row of rows.filter(({ method }) => method !== 'rms-only'))
      expect(row).toMatchObject({ auc: 1, pauc: 1, normals: 4, anomalies: 4, trainClips: 12, error: null });
    expect(rows[0]).toMatchObject({ thresholdFrom: 'training', thresholdClips: 12 });
  });

  it('explains the clips that stand out: windows, and bands about the whine', () => {
    const [explained] = first.outcomes[0]?.trials[0]?.result.explained ?? [];
    expect(explained?.kind).toBe('found');
    expect(explained?.energies).toHaveLength(explained?.seconds.length ?? -1);
    const bands = explained?.bands?.[0] ?? [];
    expect(bands).toHaveLength(64);
    const loudest = bands.indexOf(Math.max(...bands));
    expect(loudest).toBeGreaterThan(30); // 2,800 Hz is band 38 of 64
    expect(loudest).toBeLessThan(46);
  });

  it('reads no clip and runs no trial twice, and has the same bits again on any number of threads', async () => {
    const again = await evaluation(rig, ['gmm-frames-4', 'mean-spectrum', 'rms-only'], { cacheFolder });
    expect([again.reusedTrials, again.trials, again.reusedClips, again.clips]).toEqual([6, 6, 20, 20]);
    expect(scores(again)).toEqual(scores(first));
    const anew = await evaluation(rig, ['rms-only', 'gmm-frames-4'], { jobs: 2 });
    expect([anew.reusedTrials, anew.reusedClips]).toEqual([0, 0]);
    expect(scores(anew)).toEqual([...scores(first).slice(4), ...scores(first).slice(0, 2)]);
  });

  it('knows a clip by its content: a copy elsewhere is not read, a changed one is', async () => {
    const cacheFolder = newCache();
    const data = machine({ train: 10, normals: 1, anomalies: 1 });
    await evaluation(data, ['mean-spectrum'], { cacheFolder });
    const changed = writeClip(join(data, 'test', 'normal_0000.wav'), { seed: 77 });
    copyFileSync(join(data, 'test', 'abnormal_0000.wav'), join(data, 'test', 'abnormal_0001.wav'));
    const after = await evaluation(data, ['mean-spectrum'], { cacheFolder });
    expect([after.clips, after.reusedClips, after.reusedTrials]).toEqual([13, 12, 0]);
    const matched = after.outcomes[0]?.machine.test.find(({ path }) => path === changed);
    expect(matched?.digest).not.toBe(first.outcomes[0]?.machine.test[0]?.digest);
    expect(scores(after)[0]?.[0]?.[0]).toBe(scores(after)[0]?.[0]?.[1]); // the copies of the anomaly
  });

  it('makes a torn or spoilt picture anew', async () => {
    const cacheFolder = newCache();
    const data = machine({ train: 10, normals: 1, anomalies: 1 });
    const before = await evaluation(data, ['mean-spectrum'], { cacheFolder, levels: [false] });
    const pictures = readdirSync(cacheFolder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.mel'))
      .map((name) => join(cacheFolder, name));
    expect(pictures).toHaveLength(12);
    const [torn, spoilt] = pictures as [string, string];
    truncateSync(torn, 100);
    const bytes = readFileSync(spoilt);
    bytes.writeFloatLE(12.5, 4_000);
    writeFileSync(spoilt, bytes);
    appendFileSync(join(cacheFolder, 'clips', 'index.jsonl'), '{"path": "/x');
    const cache = openResultCache<SoundTrialResult>(cacheFolder, { fresh: true });
    const after = await evaluation(data, ['mean-spectrum'], { cacheFolder, cache, levels: [false] });
    expect([after.reusedClips, after.reusedTrials]).toEqual([10, 0]);
    expect(scores(after)).toEqual(scores(before));
  });

  it('takes loudness away: clips at half their level score as they did', async () => {
    const loud = machine({ train: 10, normals: 2, anomalies: 2, clip: { gain: 1 } });
    const quiet = machine({ train: 10, normals: 0, anomalies: 0, clip: { gain: 1 } });
    const half = { gain: 0.5 };
    for (const i of [0, 1]) {
      writeClip(join(quiet, 'test', `normal_000${i}.wav`), { seed: 5_000 + i, ...half });
      writeClip(join(quiet, 'test', `abnormal_000${i}.wav`), { seed: 9_000 + i, anomalous: true, ...half });
    }
    const [asLoud, asQuiet] = [await evaluation(loud, ['mean-spectrum']), await evaluation(quiet, ['mean-spectrum'])];
    const [[[recorded = []] = [], [matched = []] = []], [[recordedQuiet = []] = [], [matchedQuiet = []] = []]] = [
      scores(asLoud),
      scores(asQuiet),
    ];
    // 16-bit rounding of the quieter clips is all that is left.
    for (const [i, score] of (matched ?? []).entries())
      expect(Math.abs((matchedQuiet?.[i] ?? 0) - score) / score).toBeLessThan(0.05);
    for (const [i, score] of (recorded ?? []).entries()) expect(recordedQuiet?.[i] ?? 0).toBeGreaterThan(2 * score);
  });

  it('thins the rows of too many clips evenly, and says how many there were', async () => {
    const found = await evaluation(rig, ['gmm-frames-4'], { levels: [false], mostRowBytes: 4 * 320 * 100 });
    expect(found.outcomes[0]?.trials[0]?.result).toMatchObject({ rows: 100, width: 320 });
    expect(found.outcomes[0]?.trials[0]?.result.rowsFound).toBeGreaterThan(500);
    expect(resultsOf(found)[0]?.auc).toBe(1);
  });

  it('averages seeds, and takes the mean over machines both ways', async () => {
    const found = await evaluation(rig, ['mean-spectrum'], { seeds: 2, levels: [true] });
    const object = soundObject(found, { seeds: 2, firstSeed: 0, notes: [] });
    expect(object.results[0]).toMatchObject({ trials: 2, auc: 1, deviations: { auc: 0 } });
    expect(object.mean).toMatchObject([
      {
        method: 'mean-spectrum',
        levelMatched: true,
        type: null,
        machines: 1,
        arithmetic: { auc: 1 },
        harmonic: { auc: 1 },
      },
    ]);
  });
});

describe('odd clips', () => {
  it('are repeated up to a window where they are shorter', async () => {
    const data = machine({ train: 10, normals: 2, anomalies: 2 });
    writeClip(join(data, 'test', 'abnormal_0009.wav'), { seed: 1, anomalous: true, seconds: 0.4 });
    const found = await evaluation(data, ['gmm-frames-4'], { levels: [true] });
    expect(resultsOf(found)).toMatchObject([{ anomalies: 3, auc: 1 }]);
    expect(found.outcomes[0]?.trials[0]?.result.repeated).toBe(1);
  });

  it('of other rates and with more channels are heard like the others', async () => {
    const data = machine({ train: 10, normals: 2, anomalies: 2 });
    writeClip(join(data, 'test', 'normal_0008.wav'), { seed: 31, rateHz: 48_000, seconds: 3 });
    writeClip(join(data, 'test', 'abnormal_0008.wav'), { seed: 32, rateHz: 22_050, anomalous: true });
    writeStereo(join(data, 'test', 'normal_0009.wav'), { seed: 5_000 });
    const found = await evaluation(data, ['mean-spectrum'], { levels: [false] });
    expect(found.skipped).toEqual([]);
    const [[all = []] = []] = scores(found);
    const of = (name: string) =>
      all?.[found.machines[0]?.test.findIndex(({ path }) => path.endsWith(`/${name}`)) ?? -1];
    expect(of('normal_0009.wav')).toBe(of('normal_0000.wav')); // the same samples
    expect(resultsOf(found)[0]).toMatchObject({ normals: 4, anomalies: 3 });
    expect(all?.every(Number.isFinite)).toBe(true);
  });

  it('that are broken or lack the channel are named and skipped, the others judged', async () => {
    const data = machine({ train: 10, normals: 3, anomalies: 3 });
    const [text, cut, empty] = ['normal_0001.wav', 'abnormal_0001.wav', 'abnormal_0002.wav'].map((name) =>
      join(data, 'test', name),
    ) as [string, string, string];
    const slow = writeClip(join(data, 'test', 'normal_0003.wav'), { seed: 1, rateHz: 50 });
    writeFileSync(text, 'this is no sound');
    truncateSync(cut, 3_000);
    truncateSync(empty, 44);
    const found = await evaluation(data, ['mean-spectrum'], { levels: [true] });
    expect(found.skipped.map(({ path }) => path).sort()).toEqual([cut, empty, slow, text].sort());
    for (const { path, reason } of found.skipped) expect(reason).toContain(path);
    expect(resultsOf(found)[0]).toMatchObject({ normals: 2, anomalies: 1, auc: 1 });
    writeStereo(join(data, 'test', 'abnormal_0001.wav'), { seed: 3, anomalous: true });
    const second = await evaluation(data, ['mean-spectrum'], { levels: [true], channel: 1 });
    expect(second.skipped).toHaveLength(16);
    expect(second.skipped[0]?.reason).toMatch(/channel 1: expected one of its one channel \(0\)/);
    expect(resultsOf(second)[0]).toMatchObject({ auc: null, error: 'no training clip can be read' });
  });

  it('of floats that no sound has are skipped, the others judged', async () => {
    const data = machine({ train: 10, normals: 2, anomalies: 2 });
    const path = join(data, 'test', 'abnormal_0001.wav');
    const samples = Float32Array.from({ length: 32_000 }, (_, i) => (i === 900 ? 3e30 : 0.1));
    const bytes = encodeWav(new Float32Array(2 * samples.length), 16_000);
    bytes.writeUInt16LE(3, 20);
    bytes.writeUInt32LE(64_000, 28);
    bytes.writeUInt16LE(4, 32);
    bytes.writeUInt16LE(32, 34);
    Buffer.from(samples.buffer).copy(bytes, 44);
    writeFileSync(path, bytes);
    const found = await evaluation(data, ['mean-spectrum'], { levels: [false] });
    expect(found.skipped).toEqual([{ path, reason: `${path}: sample 900: expected −1…1, found 3.00e+30` }]);
    expect(resultsOf(found)[0]).toMatchObject({ normals: 2, anomalies: 1, auc: 1, error: null });
  });

  it('that are learnt and judged are told, by content', async () => {
    const data = machine({ train: 10, normals: 2, anomalies: 2 });
    copyFileSync(join(data, 'train', 'normal_0003.wav'), join(data, 'test', 'normal_0001.wav'));
    const found = await evaluation(data, ['mean-spectrum'], { levels: [false] });
    expect(found.leaks).toEqual([
      { machine: 'rig', test: join(data, 'test', 'normal_0001.wav'), train: join(data, 'train', 'normal_0003.wav') },
    ]);
    expect(resultsOf(found)[0]?.auc).not.toBeNull();
  });
});

describe('a trial', () => {
  it('that cannot be learnt says so, and the others go on', async () => {
    const data = machine({ train: 1, normals: 2, anomalies: 2 });
    const said: string[] = [];
    const methods = soundMethods(['rms-only', 'gmm-frames-1'], [parseAssignment('gmm-frames-1.components=2')]);
    const found = await evaluation(data, [], { methods, levels: [false], onNote: (line) => said.push(line) });
    const [rms, frames] = resultsOf(found);
    expect(rms?.auc).toBeNull();
    expect(rms?.error).toMatch(/expected|at least/);
    expect(said[0]).toMatch(/^rig, rms-only: /);
    expect(frames?.auc).not.toBeNull();
  });

  it('ends when it is told to, with the reason, and what is finished stays', async () => {
    const data = machine({ train: 10, normals: 2, anomalies: 2 });
    const [cacheFolder, stop] = [newCache(), new AbortController()];
    const options = { cacheFolder, levels: [false], seeds: 40 };
    const interrupted = evaluation(data, ['gmm-frames-4'], {
      ...options,
      signal: stop.signal,
      onProgress: (stage, share) => {
        if (stage === 'evaluating' && share > 0.1) stop.abort(new Error('enough'));
      },
    });
    await expect(interrupted).rejects.toThrow('enough');
    const rest = await evaluation(data, ['gmm-frames-4'], { ...options, seeds: 2 });
    expect(rest.reusedTrials).toBe(2);
    expect(rest.reusedClips).toBe(14);
  });
});
