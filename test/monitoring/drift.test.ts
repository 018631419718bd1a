/** Drift of one feed, from sound to stored scores: what is followed, what is not, and what a restart keeps. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commission } from '../../src/commissioning/commission.js';
import { presetRequest } from '../../src/commissioning/presets/index.js';
import type { Event, Manifest, Verdict } from '../../src/contracts.js';
import { DriftFollower } from '../../src/monitoring/drift-follower.js';
import { FeedModel } from '../../src/monitoring/feed-model.js';
import { FeedMonitor } from '../../src/monitoring/feed-monitor.js';
import { readManifest } from '../../src/scorers/package-files.js';
import { openRandom } from '../../src/scorers/random.js';
import { wavFileSource } from '../../src/sources/audio/index.js';
import { encodeWav } from '../../src/sources/wav-encode.js';
import { openStore, type Store } from '../../src/store/index.js';
import type { DriftRecord } from '../../src/store/types.js';

const folder = mkdtempSync(join(tmpdir(), 'auscult-drift-'));
const package_ = join(folder, 'machine');
const rate = 16_000;
/** Scores of long ago would be rolled up and forgotten. */
const nowMs = Math.floor(Date.now() / 60_000) * 60_000;
const signal = new AbortController().signal;
const budget = { falseAlarms: 1, perMs: 3_600_000 };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A hum with harmonics in noise; `shape` says the gain of a hiss on top, and of a whistle, for each second. */
function machine(
  name: string,
  seconds: number,
  seed: number,
  shape: (s: number) => { hiss?: number; whistle?: number } = () => ({}),
): string {
  const random = openRandom(seed, 'machine');
  const out = new Float32Array(seconds * rate);
  let last = 0;
  for (let i = 0; i < out.length; i++) {
    const { hiss = 0, whistle = 0 } = shape(i / rate);
    const noise = random.normal();
    last = 0.95 * last + noise;
    const hum = Math.sin(i * 0.05) + 0.5 * Math.sin(i * 0.35 + 1) * (1 + 0.2 * Math.sin(i * 1e-4));
    out[i] = 0.05 * hum + 0.004 * last + (0.01 + hiss) * (noise - 0.9 * random.normal()) + whistle * Math.sin(i * 1.2);
  }
  const path = join(folder, `${name}.wav`);
  writeFileSync(path, encodeWav(out, rate));
  return path;
}

const playing = (path: string, startMs = nowMs) =>
  wavFileSource({ feed: 'pump', machine: 'pump', files: [path], targetRateHz: rate, startMs });

let manifest: Manifest;
beforeAll(async () => {
  const path = machine('normal', 150, 1);
  manifest = await commission({
    open: () => playing(path),
    ...presetRequest('mel-frames'),
    settings: { pretrainEpochs: 3, jointEpochs: 3, code: 2, components: 1, emComponents: [1] },
    out: package_,
  });
}, 120_000);

interface Run {
  readonly verdicts: readonly Verdict[];
  readonly events: readonly Event[];
  readonly notes: readonly string[];
  readonly divergence: number | undefined;
  readonly store: Store;
}
let stores = 0;

/** Judges a recording with drift followed (or not), and what is kept of it in the store. */
async function run(
  path: string,
  {
    cap = 2,
    follow = true,
    store = newStore(),
    startMs = nowMs,
  }: { cap?: number; follow?: boolean; store?: Store; startMs?: number } = {},
): Promise<Run> {
  const verdicts: Verdict[] = [];
  const notes: string[] = [];
  const model = await FeedModel.open(
    package_,
    { feed: 'pump', machine: 'pump', budget, warmUpMs: 0 },
    { open: [] },
    {},
    (found) => (follow ? follower(found, cap, store, notes) : null),
  );
  const monitor = new FeedMonitor(
    {
      ...{ feed: 'pump', machine: 'pump', source: playing(path, startMs), store, sinks: [], messages: () => [] },
      ...{ onState: () => {}, log: () => {}, open: [], spectrogram: null, clips: null, configDigest: '', clock: null },
    },
    model,
  );
  const add = store.addVerdict.bind(store);
  store.addVerdict = (verdict) => {
    verdicts.push(verdict);
    add(verdict);
  };
  await monitor.run(signal);
  const divergence = model.drift?.divergence;
  await monitor.close();
  store.addVerdict = add;
  store.flush();
  return { verdicts, events: store.events({ limit: 9 }), notes, divergence, store };
}

function newStore(): Store {
  const path = join(folder, String(stores++));
  return openStore({ path: join(path, 'a.sqlite'), clipDir: join(path, 'clips'), flushMs: 0 });
}

function follower(found: Manifest, cap: number, store: Store, notes: string[]): DriftFollower | null {
  const keep = (record: DriftRecord) => store.keepDrift(record);
  const kept = store.drift('pump');
  return DriftFollower.open({
    feed: 'pump',
    anchor: 0.02,
    cap,
    manifest: found,
    kept,
    keep,
    onNote: (l) => notes.push(l),
  });
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

let slow: string;
beforeAll(() => {
  slow = machine('slow', 360, 2, (s) => ({ hiss: 0.000008 * s }));
});

describe('drift', () => {
  it('is followed when it is slow, while the commissioned score beside it rises until it would have alarmed', async () => {
    const { verdicts, events, divergence, store } = await run(slow, { cap: 50 });
    expect(events).toEqual([]);
    const [first, last] = [verdicts.slice(10, 70), verdicts.slice(-60)];
    expect(median(last.map(({ score }) => score))).toBeLessThan(manifest.calibration.short.maximum + 1);
    expect(median(last.map(({ frozenScore = 0 }) => frozenScore))).toBeGreaterThan(first[0]?.threshold ?? Infinity);
    expect(divergence).toBeGreaterThan(2);
    const [series] = store.scores({ fromMs: nowMs + 350_000, toMs: nowMs + 360_000, maxPoints: 1 });
    const [point] = series?.points ?? [];
    expect((point?.frozen?.mean ?? 0) - (point?.score.mean ?? 0)).toBeGreaterThan(2);
    await store.close();
    const alarmed = await run(slow, { follow: false });
    expect(alarmed.events.length).toBeGreaterThan(0);
    expect(alarmed.verdicts.map(({ score }) => score)).toEqual(verdicts.map(({ frozenScore }) => frozenScore));
    await alarmed.store.close();
  });

  it('is not followed beyond its cap: it says so once, stays where it is, and the change becomes an alarm', async () => {
    const { notes, divergence, events, store } = await run(slow, { cap: 1 });
    expect(notes).toEqual([
      'pump: drift: what is normal now is 1 nats from what was commissioned and is not followed any farther: commission again (learn)',
    ]);
    expect(divergence).toBeLessThanOrEqual(1);
    expect(events.length).toBeGreaterThan(0);
    const again = await run(slow, { cap: 1, store, startMs: nowMs + 1_000_000 });
    expect(again.notes).toEqual(notes);
    expect(again.divergence).toBe(divergence);
    await store.close();
  });

  it('does not learn a fault that comes at once, however long it lasts', async () => {
    const path = machine('step', 150, 3, (s) => ({ whistle: s > 60 ? 0.05 : 0 }));
    const { verdicts, events, divergence, store } = await run(path);
    expect(events.map(({ clearedMs }) => clearedMs)).toEqual([null]);
    const fault = verdicts.filter(({ startMs }) => startMs > nowMs + 65_000).map(({ score }) => score);
    expect(median(fault.slice(-40))).toBeGreaterThan(median(fault.slice(0, 40)) - 1);
    const before = await run(machine('before', 57, 3));
    expect(divergence).toBeCloseTo(before.divergence ?? 0, 1);
    await store.close();
    await before.store.close();
  });

  it('goes on after a restart where it was, to the bit, and begins anew with another package', async () => {
    const first = await run(slow, { cap: 50 });
    const kept = first.store.drift('pump');
    const rest = machine('rest', 30, 5, () => ({ hiss: 0.0029 }));
    const second = await run(rest, { cap: 50, store: first.store, startMs: nowMs + 1_000_000 });
    const copy = newStore();
    if (kept) copy.keepDrift(kept);
    const third = await run(rest, { cap: 50, store: copy, startMs: nowMs + 1_000_000 });
    expect(third.verdicts).toEqual(second.verdicts);
    expect(second.verdicts[0]?.score).toBeLessThan((second.verdicts[0]?.frozenScore ?? 0) - 2);
    const other = { ...manifest, createdAt: '2031-01-01T00:00:00.000Z' };
    expect(follower(manifest, 50, copy, [])?.divergence).toBe(third.divergence);
    expect(follower(other, 50, copy, [])?.divergence).toBe(0);
    await first.store.close();
    await copy.close();
  });

  it('is refused in one line where the package does not allow it', async () => {
    const store = newStore();
    const notes: string[] = [];
    const { mixture: _, ...ensemble } = manifest;
    expect(follower(ensemble, 2, store, notes)).toBeNull();
    const { calibration } = manifest;
    const brief = { ...manifest, calibration: { ...calibration, short: { ...calibration.short, independent: 5 } } };
    expect(follower(brief, 2, store, notes)).toBeNull();
    expect(notes).toEqual([
      expect.stringMatching(/^pump: drift is not followed: expected .* one mixture, found dagmm of preset mel-frames/),
      'pump: drift is not followed: expected at least 9 independent windows of held-out normals, found 5: learn for longer',
    ]);
    await store.close();
  });

  it('begins with the energies of the network, from the mixture that the package holds', async () => {
    const read = await readManifest(package_);
    expect(read.mixture).toEqual(manifest.mixture);
    const store = newStore();
    const { verdicts } = await run(machine('begin', 3, 9), { store });
    expect(verdicts[0]?.score).toBeCloseTo(verdicts[0]?.frozenScore ?? 0, 3);
    await store.close();
  });
});
