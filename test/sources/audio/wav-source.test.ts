import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeWav, timeSlice, watchedAudioFolder, wavFileSource } from '../../../src/sources/audio/index.js';
import { collect, pumpFile, pumpSound, sameSamples, soundsAtLeast, temporaryFolder } from './programs.js';
import { writeWav } from './wav-writer.js';

const at = { feed: 'f', machine: 'm' };
const never = () => false;
let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}
const ramp = (length: number, rateHz = 16_000) =>
  encodeWav(
    Float32Array.from({ length }, (_, i) => (i % 1_000) / 32_768),
    rateHz,
  );

describe('WAV files as a source', () => {
  it('deliver every sample in order, in time, with a gap where a file starts', async () => {
    const { samples } = await pumpSound();
    const heard = await collect(
      wavFileSource({ ...at, files: [pumpFile, pumpFile], startMs: 1_000, blockSamples: 6_400 }),
      never,
    );
    expect(heard.troubles).toEqual([]);
    expect(sameSamples(heard.samples, [...samples, ...samples])).toBe(true);
    expect(heard.sounds.map(({ gap }) => gap)).toEqual(Array.from({ length: 50 }, (_, i) => i % 25 === 0));
    expect(heard.sounds.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    heard.sounds.forEach(({ startMs, endMs }, i) => {
      expect([startMs, endMs]).toEqual([1_000 + i * 400, 1_400 + i * 400]);
    });
  });

  it('keep time when files of different rates are resampled', async () => {
    const files = [
      await put('a.wav', ramp(44_100, 44_100)),
      await put('b.wav', ramp(96_000, 48_000)),
      await put('c.wav', ramp(8_000, 16_000)),
    ];
    const heard = await collect(wavFileSource({ ...at, files, targetRateHz: 16_000, startMs: 0 }), never);
    expect(heard.samples.length).toBe(16_000 + 32_000 + 8_000);
    expect(heard.sounds.at(-1)?.endMs).toBeCloseTo(3_500, 6);
    expect(heard.sounds.filter(({ gap }) => gap).map(({ startMs }) => Math.round(startMs))).toEqual([0, 1_000, 3_000]);
  });

  it('skip what cannot be read, tell it, and go on', async () => {
    const whole = ramp(16_000);
    const files = [
      await put('empty.wav', Buffer.alloc(0)),
      await put('nothing.wav', writeWav({ tag: 'int', bits: 16, channels: [[]] })),
      await put('cut.wav', whole.subarray(0, 44 + 3_200)),
      join(folder, 'absent.wav'),
      await put('good.wav', whole),
    ];
    const heard = await collect(wavFileSource({ ...at, files, startMs: 0 }), never);
    expect(heard.samples.length).toBe(1_600 + 16_000);
    expect(heard.troubles.map(({ code, down, message }) => [code, down, message.replace(`${folder}/`, '')])).toEqual([
      ['bad-file', false, 'empty.wav: empty file, expected a WAV file'],
      ['bad-file', false, 'nothing.wav: holds no sound'],
      ['bad-file', false, 'cut.wav: truncated: 28800 bytes of sound are missing at its end'],
      ['bad-file', false, 'absent.wav: does not exist'],
    ]);
  });

  it('throw when there is nothing to hear at all, even when looped', async () => {
    const source = wavFileSource({ ...at, files: [join(folder, 'absent.wav')], loop: true });
    await expect(collect(source, never)).rejects.toThrow(
      /^feed f: no sound in 1 files: .*absent\.wav: does not exist$/,
    );
  });

  it('name the file whose rate cannot be converted', async () => {
    const slow = await put('slow.wav', writeWav({ tag: 'int', bits: 16, channels: [[1, 2, 3]], rateHz: 50 }));
    await expect(collect(wavFileSource({ ...at, files: [slow], targetRateHz: 16_000 }), never)).rejects.toThrow(
      `: ${slow}: sample rate 50 Hz: cannot be converted to 16000 Hz, at most 256 : 1`,
    );
  });

  it('name the channel that a file lacks', async () => {
    await expect(collect(wavFileSource({ ...at, files: [pumpFile], channel: 2 }), never)).rejects.toThrow(
      'channel 2: expected one of its one channel (0)',
    );
  });

  it('loop until the signal aborts', async () => {
    const file = await put('short.wav', ramp(800));
    const heard = await collect(wavFileSource({ ...at, files: [file], loop: true, startMs: 0 }), soundsAtLeast(5));
    expect(heard.sounds.map(({ startMs, gap }) => [startMs, gap])).toEqual(
      [0, 50, 100, 150, 200].map((ms) => [ms, true]),
    );
  });

  it('come when they would have been recorded, in real time, and stop at once when aborted', async () => {
    const abort = new AbortController();
    const started = performance.now();
    const arrivals: number[] = [];
    for await (const item of wavFileSource({ ...at, files: [pumpFile], pace: 'realtime' }).stream(abort.signal)) {
      if (item.kind === 'audio') arrivals.push(performance.now() - started);
      if (arrivals.length === 4) setTimeout(() => abort.abort(), 10);
    }
    expect(arrivals.length).toBe(4);
    arrivals.forEach((ms, i) => {
      expect(ms).toBeGreaterThan(100 * (i + 1) - 20);
    });
  });

  it('deliver NaN as 0 and count it', async () => {
    const values = [0.5, Number.NaN, -0.25, Number.NEGATIVE_INFINITY];
    const file = await put('nan.wav', writeWav({ tag: 'float', bits: 32, channels: [values] }));
    const { sounds } = await collect(wavFileSource({ ...at, files: [file] }), never);
    expect([...(sounds[0]?.samples ?? [])]).toEqual([0.5, 0, -0.25, 0]);
    expect(sounds[0]?.signal).toMatchObject({ nonFinite: 2, peak: 0.5, dc: 0.0625 });
  });
});

describe('a stretch of every file', () => {
  it('starts with a gap and is cut to the sample', async () => {
    const source = wavFileSource({ ...at, files: [pumpFile, pumpFile], startMs: 0 });
    const { samples } = await pumpSound();
    const heard = await collect(timeSlice(source, { from: 1.5, to: 3.25 }), never);
    const expected = [...samples.slice(24_000, 52_000)];
    expect(heard.samples).toEqual([...expected, ...expected]);
    expect(heard.sounds.map(({ gap, startMs, endMs }) => [gap, startMs, endMs])).toEqual([
      [true, 1_500, 2_000],
      [false, 2_000, 3_000],
      [false, 3_000, 3_250],
      [true, 11_500, 12_000],
      [false, 12_000, 13_000],
      [false, 13_000, 13_250],
    ]);
  });
});

describe('a watched folder of sound', () => {
  it('plays each new file once, and tells of bad ones', async () => {
    await put('old.wav', ramp(100));
    const source = watchedAudioFolder({ ...at, folder, stableMs: 150 });
    setTimeout(() => {
      void (async () => {
        await put('1.wav', ramp(1_600));
        await put('2.wav', Buffer.from('no sound'));
        await sleep(600);
        await mkdir(join(folder, 'more'));
        await put('more/3.WAV', await readFile(pumpFile));
      })();
    }, 200);
    const heard = await collect(source, (items) => items.length >= 12);
    expect(heard.samples.length).toBe(1_600 + 160_000);
    expect(heard.sounds.filter(({ gap }) => gap).map(({ origin }) => origin.slice(folder.length))).toEqual([
      '/1.wav',
      '/more/3.WAV',
    ]);
    expect(heard.troubles.map(({ message }) => message)).toEqual([
      `${join(folder, '2.wav')}: 8 bytes long, expected a WAV file`,
    ]);
    expect(Math.abs((heard.sounds[0]?.endMs ?? 0) - Date.now())).toBeLessThan(20_000);
  });
});
