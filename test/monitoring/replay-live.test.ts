import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FeatureSpec, Source, Verdict } from '../../src/contracts.js';
import { replay } from '../../src/monitoring/replay.js';
import { encodeWav, microphoneSource, Resampler, readWav, wavFileSource } from '../../src/sources/audio/index.js';
import { installed, temporaryFolder } from '../sources/audio/programs.js';
import { model, sound } from '../support/service.js';

const configPath = process.env.ALSA_CONFIG_PATH;
let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  if (configPath === undefined) delete process.env.ALSA_CONFIG_PATH;
  else process.env.ALSA_CONFIG_PATH = configPath;
  await rm(folder, { recursive: true, force: true });
});

/** A normal pump, then a broken one, as one WAV file. */
async function recording(rateHz: number): Promise<string> {
  const parts = await Promise.all(
    ['pump-00-normal.wav', 'pump-00-abnormal.wav'].map(async (name) => (await readWav(sound(name))).samples),
  );
  const samples = Float32Array.from(parts.flatMap((part) => [...part]));
  const resampler = await Resampler.open(16_000, rateHz);
  const path = join(folder, `${rateHz}.wav`);
  await writeFile(path, encodeWav(rateHz === 16_000 ? samples : resampler.push(samples), rateHz));
  resampler.close();
  return path;
}

/** The file's samples behind ALSA's file plugin, as the capture device "pump". */
async function alsaPlays(path: string): Promise<void> {
  const config = join(folder, 'alsa.conf');
  const raw = join(folder, 'pump.raw');
  const wav = await import('node:fs/promises').then(({ readFile }) => readFile(path));
  await writeFile(raw, wav.subarray(44));
  await writeFile(
    config,
    `</usr/share/alsa/alsa.conf>
    pcm.pump { type file slave.pcm null file /dev/null infile ${raw} format raw }`,
  );
  process.env.ALSA_CONFIG_PATH = config;
}

/** The plugin never ends: after so many samples the listening does. */
function upTo(source: Source, samples: number): Source {
  return {
    feed: source.feed,
    async *stream(signal) {
      let heard = 0;
      for await (const item of source.stream(signal)) {
        yield item;
        if (item.kind === 'audio') heard += item.samples.length;
        if (heard >= samples) return;
      }
    },
  };
}

async function judged(open: (rateHz: number) => Source) {
  const verdicts: Verdict[] = [];
  const { troubles, events } = await replay({
    model: model('pump-00'),
    budget: { falseAlarms: 10, perMs: 604_800_000 },
    open: ({ features }: { features: FeatureSpec }) =>
      Promise.resolve(open('mel' in features ? features.mel.sampleRateHz : 0)),
    signal: AbortSignal.timeout(60_000),
    onVerdict: (verdict) => verdicts.push(verdict),
  });
  expect(troubles).toEqual([]);
  return { verdicts, events };
}

const bits = (verdicts: readonly Verdict[]) =>
  verdicts.map(({ score, statistic, long, state }) => [score, statistic, long?.statistic ?? null, state]);

describe.skipIf(!installed('arecord'))('replay and listening (arecord: Debian package alsa-utils)', () => {
  it.each([16_000, 48_000])('score the same samples at %d Hz alike, window by window, to the bit', async (rateHz) => {
    const path = await recording(rateHz);
    await alsaPlays(path);
    const feed = { feed: 'f', machine: 'm' };
    const replayed = await judged((targetRateHz) => wavFileSource({ ...feed, files: [path], targetRateHz }));
    const heard = await judged((targetRateHz) =>
      upTo(microphoneSource({ ...feed, device: 'pump', rateHz, targetRateHz, checkRate: false }), 20 * targetRateHz),
    );
    const windows = replayed.verdicts.length;
    expect(windows).toBeGreaterThan(38);
    expect(heard.verdicts.length).toBeGreaterThanOrEqual(windows);
    expect(bits(heard.verdicts.slice(0, windows))).toEqual(bits(replayed.verdicts));
    expect(replayed.events.length).toBe(1);
    expect(heard.events.length).toBe(1);
    // The words may name a time of day, and the two were not heard at the same.
    const told = replayed.events[0]?.words.split('; within')[0];
    expect(heard.events[0]).toMatchObject({
      peak: replayed.events[0]?.peak,
      words: expect.stringContaining(told ?? '-'),
    });
  });
});
