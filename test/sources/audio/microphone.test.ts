import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Observation, Trouble } from '../../../src/contracts.js';
import {
  listDevices,
  type MicrophoneOptions,
  microphoneSource,
  parseDevices,
  Resampler,
} from '../../../src/sources/audio/index.js';
import {
  alive,
  collect,
  fakeProgram,
  installed,
  pumpSound,
  sameSamples,
  soundsAtLeast,
  temporaryFolder,
  troublesAtLeast,
} from './programs.js';

const environment = { PATH: process.env.PATH, ALSA_CONFIG_PATH: process.env.ALSA_CONFIG_PATH };
const hasArecord = installed('arecord');
let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  for (const [key, value] of Object.entries(environment)) {
    if (value === undefined) delete process.env[key];
    else process.env[key] = value;
  }
  await rm(folder, { recursive: true, force: true });
});

const codeOf = (item: Observation | Trouble) => (item.kind === 'trouble' ? item.code : item.kind);
const microphone = (options: Partial<MicrophoneOptions> = {}) =>
  microphoneSource({
    feed: 'f',
    machine: 'm',
    device: 'pump',
    checkRate: false,
    backOff: { minMs: 20, maxMs: 50 },
    ...options,
  });

/** Puts a shell script in the place of arecord. */
async function fakeRecorder(body: string): Promise<void> {
  await fakeProgram(folder, 'arecord', body);
  process.env.PATH = `${folder}:${environment.PATH}`;
}

/** ALSA's file plugin as the microphone "pump". It never ends: after the last sample it repeats its buffer. */
async function alsaPlays(bytes: Buffer): Promise<void> {
  const raw = join(folder, 'pump.raw');
  const config = join(folder, 'alsa.conf');
  await writeFile(raw, bytes);
  await writeFile(
    config,
    `</usr/share/alsa/alsa.conf>
    pcm.pump { type file slave.pcm null file /dev/null infile ${raw} format raw }`,
  );
  process.env.ALSA_CONFIG_PATH = config;
}

describe.skipIf(!hasArecord)('a microphone through the real arecord (Debian package alsa-utils)', () => {
  it('delivers the recorded pump to the sample', async () => {
    const { bytes, samples } = await pumpSound();
    await alsaPlays(bytes);
    const heard = await collect(microphone(), soundsAtLeast(100));
    expect(heard.troubles).toEqual([]);
    expect(sameSamples(heard.samples, samples)).toBe(true);
    expect(heard.sounds[0]).toMatchObject({ origin: 'pump', gap: true, sequence: 0, sampleRateHz: 16_000 });
    expect(heard.sounds[99]).toMatchObject({ gap: false, sequence: 99 });
    heard.sounds.slice(1).forEach(({ startMs }, i) => {
      expect(startMs).toBeCloseTo(heard.sounds[i]?.endMs ?? 0, 6);
    });
  });

  it('picks a channel of several', async () => {
    const { samples, bytes } = await pumpSound();
    const stereo = Buffer.alloc(bytes.length * 2);
    for (let i = 0; i < bytes.length; i += 2) bytes.copy(stereo, 2 * i + 2, i, i + 2);
    await alsaPlays(stereo);
    const heard = await collect(microphone({ channels: 2, channel: 1 }), soundsAtLeast(100));
    expect(sameSamples(heard.samples, samples)).toBe(true);
  });

  it('resamples to the rate asked for', async () => {
    await alsaPlays((await pumpSound()).bytes);
    const heard = await collect(microphone({ rateHz: 48_000, targetRateHz: 16_000 }), soundsAtLeast(20));
    expect(heard.sounds.every(({ sampleRateHz }) => sampleRateHz === 16_000)).toBe(true);
    expect(heard.samples.length).toBeGreaterThan(20 * 1_600 - 400);
    expect(heard.samples.length).toBeLessThanOrEqual(20 * 1_600);
  });

  it('says what arecord says of a device that is not there, tries again, and hears it when it comes', async () => {
    await alsaPlays((await pumpSound()).bytes);
    const config = process.env.ALSA_CONFIG_PATH;
    delete process.env.ALSA_CONFIG_PATH;
    const heard = await collect(microphone(), (items) => {
      if (items.length === 2) process.env.ALSA_CONFIG_PATH = config;
      return soundsAtLeast(2)(items);
    });
    expect(heard.troubles.length).toBeGreaterThanOrEqual(2);
    expect(heard.troubles[0]).toMatchObject({
      kind: 'trouble',
      feed: 'f',
      machine: 'm',
      code: 'device-gone',
      down: true,
    });
    expect(heard.troubles[0]?.message).toMatch(
      /^microphone pump: arecord ended with code 1: "arecord: .*open error: No such file or directory"; next try in 0\.0 s$/,
    );
    expect(heard.sounds[0]).toMatchObject({ gap: true, sequence: 0 });
  });

  it('lists devices', async () => {
    await alsaPlays(Buffer.alloc(2));
    expect((await listDevices()).map(({ name }) => name)).toContain('null');
  });
});

describe.skipIf(!installed('sox') || !hasArecord)(
  'a microphone through sox (Debian packages sox, libsox-fmt-alsa)',
  () => {
    it('delivers the recorded pump, which sox mixes and resamples from 48 kHz stereo', async () => {
      const { samples } = await pumpSound();
      const up = await Resampler.open(16_000, 48_000);
      const fast = up.push(samples);
      up.close();
      const stereo = Buffer.alloc(fast.length * 4);
      fast.forEach((x, i) => {
        stereo.writeInt16LE(Math.round(x * 32_767), i * 4);
        stereo.writeInt16LE(Math.round(x * 32_767), i * 4 + 2);
      });
      await alsaPlays(stereo);
      const heard = await collect(microphone({ recorder: 'sox' }), soundsAtLeast(50));
      const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
      const expected = [...samples.slice(0, heard.samples.length)];
      const likeness =
        dot(heard.samples, expected) / Math.sqrt(dot(heard.samples, heard.samples) * dot(expected, expected));
      expect(likeness).toBeGreaterThan(0.98);
    });

    it('says what sox says of a device that cannot be opened', async () => {
      const heard = await collect(microphone({ recorder: 'sox', device: 'nowhere' }), troublesAtLeast(1));
      expect(heard.troubles[0]?.message).toMatch(/^microphone nowhere: sox ended with code [12]: "sox FAIL /);
    });
  },
);

describe('a recorder that misbehaves', () => {
  const playZeros = (bytes: number) => `head -c ${bytes} /dev/zero`;
  const playNoise = (bytes: number) => `head -c ${bytes} /dev/urandom`;

  it('that is not installed is a trouble naming the package, and not the end', async () => {
    process.env.PATH = folder;
    const heard = await collect(microphone(), troublesAtLeast(2));
    expect(heard.troubles[1]).toMatchObject({ code: 'device-gone', down: true });
    expect(heard.troubles[1]?.message).toContain(
      'microphone pump: the program arecord was not found: install the package alsa-utils; next try in',
    );
  });

  it('that finds its device busy is told with who may have it, and how it could be shared', async () => {
    await fakeRecorder('echo "arecord: main:850: audio open error: Device or resource busy" >&2; exit 1');
    const { troubles } = await collect(microphone(), troublesAtLeast(1));
    expect(troubles[0]?.message).toMatch(
      /busy": another program or feed has the device; feeds share one through ALSA's dsnoop; next try in /,
    );
  });

  it('that exits is started again: what it delivered is kept and a gap follows', async () => {
    await fakeRecorder(`${playNoise(5_000)}; echo "device was unplugged" >&2; exit 3`);
    const heard = await collect(microphone(), soundsAtLeast(4));
    expect(heard.items.map((item) => (item.kind === 'audio' ? [item.samples.length, item.gap] : codeOf(item)))).toEqual(
      [[1_600, true], [900, false], 'device-gone', [1_600, true], [900, false]],
    );
    expect(heard.troubles[0]?.message).toContain('arecord ended with code 3: "device was unplugged"');
  });

  it('that hangs is killed, with TERM ignored, and started again', async () => {
    const starts = join(folder, 'starts');
    await fakeRecorder(`echo $$ >> ${starts}; trap '' TERM; ${playNoise(3_200)}; while :; do sleep 0.2; done`);
    const heard = await collect(microphone({ staleSeconds: 0.3 }), soundsAtLeast(2));
    expect(heard.troubles).toMatchObject([{ code: 'no-data', down: true }]);
    expect(heard.troubles[0]?.message).toContain('microphone pump: no sound for 0.3 s, arecord was ended; next try in');
    const pids = (await readFile(starts, 'utf8')).trim().split('\n').map(Number);
    expect(pids.length).toBe(2);
    expect(await Promise.all(pids.map(alive))).toEqual([false, false]);
  });

  it('that leaves a child holding its output does not hold us', async () => {
    await fakeRecorder(`${playNoise(3_200)}; sleep 30 & exit 1`);
    expect((await collect(microphone(), soundsAtLeast(2))).troubles[0]).toMatchObject({ code: 'device-gone' });
  });

  it('is killed and reaped when the signal aborts, also while nothing comes', async () => {
    const pidFile = join(folder, 'pid');
    await fakeRecorder(`echo $$ > ${pidFile}; exec sleep 30`);
    const abort = new AbortController();
    const next = microphone().stream(abort.signal)[Symbol.asyncIterator]().next();
    let pid = Number.NaN;
    while (!(pid > 0)) {
      await sleep(20);
      pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
    }
    expect(await alive(pid)).toBe(true);
    abort.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await alive(pid)).toBe(false);
  });

  it('that reports an overrun causes a trouble and a gap', async () => {
    await fakeRecorder(
      `${playNoise(6_400)}; sleep 0.3; echo "overrun!!! (at least 12.345 ms long)" >&2; sleep 0.3; ${playNoise(6_400)}; sleep 30`,
    );
    const heard = await collect(microphone(), soundsAtLeast(4));
    expect(heard.items.map((item) => (item.kind === 'audio' ? item.gap : codeOf(item)))).toEqual([
      true,
      false,
      'overrun',
      true,
      false,
    ]);
    expect((heard.sounds[2]?.startMs ?? 0) - (heard.sounds[1]?.endMs ?? 0)).toBeGreaterThan(300);
  });

  it('that delivers nothing but zeros, or is stuck, is told to be so', async () => {
    await fakeRecorder(playZeros(320_000));
    const silent = await collect(microphone({ faultSeconds: 2 }), troublesAtLeast(1));
    expect(silent.troubles[0]).toMatchObject({ code: 'silence', down: false });
    expect(silent.sounds.length).toBe(20);
    await fakeRecorder(`head -c 320000 /dev/zero | tr '\\0' '\\1'`);
    const stuck = await collect(microphone({ faultSeconds: 2 }), troublesAtLeast(1));
    expect(stuck.troubles[0]?.message).toBe('microphone pump: stuck at 0.0078, expected a changing signal, for 2 s');
  });

  it('that splits samples across writes loses none', async () => {
    await fakeRecorder(`printf abc; sleep 0.1; printf defgh; sleep 0.1; printf i`);
    const heard = await collect(microphone({ blockSamples: 2 }), troublesAtLeast(1));
    const words = ['ab', 'cd', 'ef', 'gh'].map((word) => Buffer.from(word).readInt16LE(0) / 32_768);
    expect(heard.samples).toEqual(words);
  });
});

describe('microphone options', () => {
  it('refuses a channel beyond the channels', () => {
    expect(() => microphone({ channels: 2, channel: 2 })).toThrow(
      'feed f: channel: expected 0 to 1 (channels is 2), found 2',
    );
  });
});

describe('devices', () => {
  it('reads names and descriptions, plughw first', () => {
    const listing = `null
    Discard all samples (playback) or generate zero samples (capture)
default
hw:CARD=Device,DEV=0
    USB PnP Sound Device, USB Audio
    Direct hardware device without any conversions
plughw:CARD=Device,DEV=0
    USB PnP Sound Device, USB Audio
`;
    expect(parseDevices(listing)).toEqual([
      { name: 'plughw:CARD=Device,DEV=0', description: 'USB PnP Sound Device, USB Audio', hardware: true },
      {
        name: 'hw:CARD=Device,DEV=0',
        description: 'USB PnP Sound Device, USB Audio, Direct hardware device without any conversions',
        hardware: true,
      },
      {
        name: 'null',
        description: 'Discard all samples (playback) or generate zero samples (capture)',
        hardware: false,
      },
      { name: 'default', description: '', hardware: false },
    ]);
  });

  it('says which package brings arecord', async () => {
    process.env.PATH = folder;
    await expect(listDevices()).rejects.toThrow('install the package alsa-utils');
  });
});
