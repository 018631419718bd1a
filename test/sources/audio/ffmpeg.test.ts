import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hideSecrets } from '../../../src/config/secrets.js';
import { type FfmpegOptions, ffmpegSource } from '../../../src/sources/audio/index.js';
import {
  collect,
  installed,
  pumpFile,
  pumpSound,
  sameSamples,
  soundsAtLeast,
  temporaryFolder,
  troublesAtLeast,
} from './programs.js';
import { writeWav } from './wav-writer.js';

const path = process.env.PATH;
let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  process.env.PATH = path;
  await rm(folder, { recursive: true, force: true });
});

const stream = (url: string, options: Partial<FfmpegOptions> = {}) =>
  ffmpegSource({ feed: 'f', machine: 'm', url, backOff: { minMs: 20, maxMs: 50 }, ...options });
const never = () => false;

describe.skipIf(!installed('ffmpeg'))('sound through ffmpeg (Debian package ffmpeg)', () => {
  it('reads FLAC to the bit, and ends with the file', async () => {
    const { samples } = await pumpSound();
    const flac = join(folder, 'pump.flac');
    spawnSync('ffmpeg', ['-loglevel', 'error', '-i', pumpFile, flac]);
    const heard = await collect(stream(flac), never);
    expect(heard.troubles).toEqual([]);
    expect(sameSamples(heard.samples, samples)).toBe(true);
    expect(heard.sounds[0]).toMatchObject({ origin: flac, gap: true, sampleRateHz: 16_000 });
  });

  it('takes one channel as it is, without mixing, and resamples', async () => {
    const channels = [0.1, 0.2, 0.3].map((level) => Array.from({ length: 4_800 }, () => level));
    const wav = join(folder, 'three.wav');
    await writeFile(wav, writeWav({ tag: 'float', bits: 32, channels, rateHz: 48_000 }));
    const heard = await collect(stream(wav, { channel: 2, targetRateHz: 16_000 }), never);
    expect(heard.samples.length).toBe(1_600);
    expect(heard.samples[800]).toBeCloseTo(0.3, 4);
  });

  it.each([
    ['a channel that is not there', pumpFile, 1, /: the sound has no channel 1$/],
    [
      'a file that is not there',
      '/nowhere/x.mp3',
      0,
      /\/nowhere\/x\.mp3: ffmpeg ended with code \d+: ".*No such file or directory"$/,
    ],
    [
      'something that is no sound',
      new URL(import.meta.url).pathname,
      0,
      /ffmpeg ended with code \d+: ".*Invalid data found/,
    ],
  ])('throws one line for %s', async (_, url, channel, message) => {
    await expect(collect(stream(url, { channel }), never)).rejects.toThrow(message);
  });

  it('goes on after an address fails, without showing its password', async () => {
    let requests = 0;
    const wav = writeWav({ tag: 'int', bits: 16, channels: [Array.from({ length: 16_000 }, (_, i) => i % 100)] });
    const server: Server = createServer((_, response) => {
      requests++;
      if (requests === 1) response.writeHead(503).end();
      else response.writeHead(200, { 'content-type': 'audio/wav' }).end(wav);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const heard = await collect(stream(`http://eve:s3cret@127.0.0.1:${port}/pump.wav?token=t0ken`), soundsAtLeast(12));
    server.close();
    expect(heard.troubles.length).toBeGreaterThanOrEqual(2);
    expect(heard.troubles[0]?.message).toContain(
      `stream http://eve:***@127.0.0.1:${port}/pump.wav?***: ffmpeg ended with code`,
    );
    expect(heard.troubles[0]?.message).toContain('Server returned 5XX Server Error reply');
    expect(heard.sounds.filter(({ gap }) => gap).length).toBe(2);
    expect(JSON.stringify(heard.items.map((item) => ({ ...item, samples: [] })))).not.toMatch(/s3cret|t0ken/);
  });

  it('ends a stream that delivers nothing and tries again', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const heard = await collect(stream(`http://127.0.0.1:${port}/`, { staleSeconds: 0.3 }), troublesAtLeast(2));
    server.closeAllConnections();
    server.close();
    expect(heard.troubles.map(({ code, down }) => [code, down])).toEqual([
      ['no-data', true],
      ['no-data', true],
    ]);
  });
});

describe('ffmpeg', () => {
  it('that is not installed is an error that names the package; an address is tried again', async () => {
    process.env.PATH = folder;
    await expect(collect(stream('x.mp3'), never)).rejects.toThrow(
      'stream x.mp3: the program ffmpeg was not found: install the package ffmpeg',
    );
    const heard = await collect(stream('rtsp://camera/1'), troublesAtLeast(2));
    expect(heard.troubles[1]?.code).toBe('device-gone');
  });

  it.each([
    ['rtsp://u:pw@h/x', 'rtsp://u:***@h/x'],
    ['rtsp://u:p@ss@h:554/x', 'rtsp://u:***@h:554/x'],
    ['rtsp://:pw@h/x', 'rtsp://:***@h/x'],
    ['http://h/x?key=abc', 'http://h/x?***'],
    ['/sounds/a:b@c.mp3', '/sounds/a:b@c.mp3'],
    ['rtsp://h:554/x', 'rtsp://h:554/x'],
  ])('shows %s as %s', (url, shown) => {
    expect(hideSecrets(url)).toBe(shown);
  });
});
