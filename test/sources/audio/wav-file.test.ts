import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decode } from 'wav-decoder';
import { SourceError } from '../../../src/contracts.js';
import { memoryBytes } from '../../../src/sources/audio/byte-source.js';
import { ChannelDecoder } from '../../../src/sources/audio/channel-decoder.js';
import { readWav, readWavInfo, WavFile } from '../../../src/sources/audio/wav-file.js';
import { encodeWav } from '../../../src/sources/wav-encode.js';
import { sameSamples } from './programs.js';
import { type WavSpec, writeWav } from './wav-writer.js';

const pump = new URL('../../../models/demo-sound/pump-00-normal.wav', import.meta.url).pathname;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auscult-wav-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const openBytes = (bytes: Uint8Array) => WavFile.from(memoryBytes(bytes), 'test.wav');
async function samplesOf(bytes: Uint8Array, channel = 0, blockFrames = 1_000): Promise<number[]> {
  const samples: number[] = [];
  for await (const block of (await openBytes(bytes)).blocks(channel, blockFrames)) samples.push(...block);
  return samples;
}
const edges = (bits: number) => [-(2 ** (bits - 1)), -(2 ** (bits - 1)) + 1, -1, 0, 1, 2 ** (bits - 1) - 1];
const three: WavSpec = { tag: 'int', bits: 16, channels: [[1, 2, 3]] };
const threeRead = [1 / 32_768, 2 / 32_768, 3 / 32_768];

describe('decoding', () => {
  it.each([16, 24, 32])('reads %i-bit integers as x / 2^(bits−1), to both ends of the scale', async (bits) => {
    const values = edges(bits);
    const read = await samplesOf(writeWav({ tag: 'int', bits, channels: [values] }));
    expect(read).toEqual(values.map((value) => Math.fround(value / 2 ** (bits - 1))));
  });

  it('reads 8-bit silence as 0 and its ends as −1 and 127/128', async () => {
    expect(await samplesOf(writeWav({ tag: 'int', bits: 8, channels: [[0, 1, 128, 129, 255]] }))).toEqual([
      -1,
      -127 / 128,
      0,
      1 / 128,
      127 / 128,
    ]);
  });

  it.each([32, 64])('reads %i-bit floats as they are, NaN and infinities included', async (bits) => {
    const values = [-1, 0.1, 1.5, Number.NaN, Number.POSITIVE_INFINITY];
    expect(await samplesOf(writeWav({ tag: 'float', bits, channels: [values] }))).toEqual(values.map(Math.fround));
  });

  it('reads A-law and µ-law by the tables of G.711', async () => {
    const read = async (tag: 'a-law' | 'mu-law', codes: number[]) =>
      (await samplesOf(writeWav({ tag, bits: 8, channels: [codes] }))).map((x) => x * 32_768);
    expect(await read('mu-law', [0x00, 0x80, 0x7f, 0xff, 0xf0])).toEqual(
      [-32_124, 32_124, -0, 0, 120].map((x) => x + 0),
    );
    expect(await read('a-law', [0x2a, 0xaa, 0x55, 0xd5, 0x80])).toEqual([-32_256, 32_256, -8, 8, 5_504]);
  });

  it('picks the channel asked for out of any number, in any encoding and block length', async () => {
    const layouts = [
      { tag: 'int', bits: 8 },
      { tag: 'int', bits: 16 },
      { tag: 'int', bits: 24 },
      { tag: 'int', bits: 32 },
      { tag: 'float', bits: 32 },
      { tag: 'float', bits: 64 },
    ] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...layouts),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        async ({ tag, bits }, count, frames, blockFrames, extensible) => {
          const at = (channel: number, i: number) => ((channel * 7 + i) % 128) / 128;
          const scale = tag === 'float' ? 1 : 2 ** (bits - 1);
          const shift = bits === 8 ? 128 : 0;
          const channels = Array.from({ length: count }, (_, c) =>
            Array.from({ length: frames }, (_, i) => at(c, i) * scale + shift),
          );
          const bytes = writeWav({ tag, bits, channels, extensible });
          const channel = frames % count;
          const read = await samplesOf(bytes, channel, blockFrames);
          expect(read).toEqual(Array.from({ length: frames }, (_, i) => at(channel, i)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([1, 2, 3])('reads 16-bit samples of %i channels from any place in a buffer', (channels) => {
    const layout = { encoding: 'int', channels, sampleBytes: 2 } as const;
    const values = Array.from({ length: channels * 20_001 }, (_, i) => ((i * 7_919) % 65_536) - 32_768);
    const bytes = Buffer.alloc(2 * values.length + 1);
    values.forEach((value, i) => {
      bytes.writeInt16LE(value, 2 * i + 1);
    });
    const samples = new ChannelDecoder(layout, channels - 1, 'test').decode(bytes.subarray(1), 20_001);
    expect(
      sameSamples(
        samples,
        samples.map((_, i) => (values[(i + 1) * channels - 1] ?? 0) / 32_768),
      ),
    ).toBe(true);
  });

  it('agrees with wav-decoder on real pump sound, and writes it back bit for bit', async () => {
    const bytes = await readFile(pump);
    const reference = decode.sync(new Uint8Array(bytes).buffer, { symmetric: true }).channelData[0];
    const { samples, sampleRateHz } = await readWav(pump);
    expect(sampleRateHz).toBe(16_000);
    expect(sameSamples(samples, reference ?? [])).toBe(true);
    expect(encodeWav(samples, 16_000).equals(bytes)).toBe(true);
  });

  it('names the channels that a file has when another is asked for', async () => {
    const file = await openBytes(writeWav({ ...three, channels: [[1], [2]] }));
    await expect(file.blocks(2, 10).next()).rejects.toThrow(
      'test.wav: channel 2: expected one of its 2 channels (0 to 1)',
    );
  });
});

describe('quirks of wav-decoder that we work around', () => {
  const theirs = (bytes: Buffer, symmetric = true) =>
    decode.sync(new Uint8Array(bytes).buffer, { symmetric }).channelData[0]?.[0];

  it('maps the lowest 24-bit value to +1, is asymmetric by default, and refuses EXTENSIBLE', () => {
    expect(theirs(writeWav({ tag: 'int', bits: 24, channels: [[-8_388_608]] }))).toBe(1);
    expect(theirs(writeWav({ tag: 'int', bits: 16, channels: [[16_384]] }), false)).not.toBe(0.5);
    expect(() => theirs(writeWav({ ...three, extensible: true }))).toThrow('Unsupported format');
  });
});

describe('headers', () => {
  const junk = { id: 'LIST', body: Buffer.from('INFOx') };
  it.each<[string, Partial<WavSpec>]>([
    ['EXTENSIBLE', { extensible: true }],
    ['an odd chunk before the format', { before: [junk] }],
    ['an odd chunk between format and data', { between: [junk] }],
    ['chunks after the data', { after: [junk, junk] }],
    ['the data before the format', { dataFirst: true, between: [junk] }],
    ['a data size of 0 (a recorder that was killed)', { dataSize: 0 }],
    ['a data size of 0xFFFFFFFF (a stream)', { dataSize: 0xffffffff }],
    ['a data size of 2 GiB (arecord into a pipe)', { dataSize: 0x80000000 }],
    ['a data size of nearly 2 GiB (sox into a pipe)', { dataSize: 0x7ffff000 }],
    ['a data size larger than the file', { dataSize: 1_000 }],
    ['RF64', { container: 'RF64' }],
    ['BW64', { container: 'BW64', after: [junk] }],
  ])('reads a file with %s', async (_, oddity) => {
    expect(await samplesOf(writeWav({ ...three, ...oddity }))).toEqual(threeRead);
  });

  it('says how many bytes a truncated file lacks, and that a stream lacks none', async () => {
    expect((await openBytes(writeWav({ ...three, dataSize: 1_000 }))).header.missingBytes).toBe(994);
    for (const dataSize of [0xffffffff, 0x80000000, 0x7ffff000])
      expect((await openBytes(writeWav({ ...three, dataSize }))).header.missingBytes).toBe(0);
  });

  it('reads no sound from a data chunk that is empty and followed by another', async () => {
    const file = await openBytes(writeWav({ ...three, channels: [[]], after: [junk] }));
    expect(file.header.frames).toBe(0);
  });

  it('drops a frame that is cut in the middle', async () => {
    const whole = writeWav({
      ...three,
      channels: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    });
    expect(await samplesOf(whole.subarray(0, -1), 0)).toEqual(threeRead.slice(0, 2));
  });

  const patched = (at: number, value: number) => {
    const bytes = writeWav(three);
    bytes.writeUInt16LE(value, at);
    return bytes;
  };
  it.each<[string, Buffer]>([
    ['test.wav: empty file, expected a WAV file', Buffer.alloc(0)],
    ['test.wav: 5 bytes long, expected a WAV file', Buffer.from('RIFFx')],
    ['expected "RIFF" … "WAVE", found "OggS" … "????"', Buffer.concat([Buffer.from('OggS'), Buffer.alloc(40)])],
    ['it has no "fmt " chunk', Buffer.from('RIFF\0\0\0\0WAVE')],
    ['it has no "data" chunk', writeWav(three).subarray(0, 36)],
    [
      '"fmt " chunk: expected at least 16 bytes, found 4',
      writeWav({ ...three, before: [{ id: 'fmt ', body: Buffer.alloc(4) }] }),
    ],
    ['found Microsoft ADPCM (a source of type ffmpeg reads it)', patched(20, 2)],
    ['found format 0x1234', patched(20, 0x1234)],
    ['channels: expected at least 1, header says 0', patched(22, 0)],
    ['bytes a frame: expected 131070 (65535 channels of 2 bytes), header says 2', patched(22, 65_535)],
    ['bytes a frame: expected 2 (1 channels of 2 bytes), header says 7', patched(32, 7)],
    ['bits a sample: expected 8, 16, 24, 32 for int, header says 65535', patched(34, 65_535)],
  ])('refuses with one line: %s', async (message, bytes) => {
    const error: unknown = await openBytes(bytes).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SourceError);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain('\n');
  });

  it('says what is wrong with a path', async () => {
    await expect(readWavInfo(join(folder, 'absent.wav'))).rejects.toThrow('absent.wav: does not exist');
    await expect(readWavInfo(folder)).rejects.toThrow(`${folder}: expected a file, found something else`);
  });
});

describe('long files', () => {
  it('streams the last 20 minutes of 6 hours of 8 channels in constant memory', async () => {
    const path = join(folder, 'huge.wav');
    const channels = Array.from({ length: 8 }, () => [] as number[]);
    const handle = await open(path, 'w');
    const frames = 6 * 3600 * 16_000;
    await handle.write(writeWav({ tag: 'int', bits: 16, channels, container: 'RF64', extensible: true }));
    const header = (await handle.stat()).size;
    // The 64-bit size, and then a hole: 5.5 GB that take no disk.
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(frames) * 16n);
    await handle.write(size, 0, 8, 28);
    await handle.truncate(header + frames * 16);
    await handle.close();
    const file = await WavFile.open(path);
    expect(file.header).toMatchObject({ frames, missingBytes: 0 });
    let read = 0;
    let peakMb = 0;
    const startMb = process.memoryUsage().rss / 1e6;
    const firstFrame = frames - 20 * 60 * 16_000;
    for await (const block of file.blocks(7, 65_536, firstFrame)) {
      read += block.length;
      peakMb = Math.max(peakMb, process.memoryUsage().rss / 1e6);
    }
    await file.close();
    expect(read).toBe(20 * 60 * 16_000);
    expect(peakMb - startMb).toBeLessThan(100);
  });

  it('reads a whole file at another rate', async () => {
    const path = join(folder, 'tone.wav');
    const tone = Float32Array.from({ length: 48_000 }, (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / 48_000));
    await writeFile(path, encodeWav(tone, 48_000));
    const { samples } = await readWav(path, { targetRateHz: 16_000 });
    expect(samples.length).toBe(16_000);
    for (let i = 1_000; i < 15_000; i++) {
      expect(Math.abs((samples[i] ?? 0) - 0.5 * Math.sin((2 * Math.PI * 440 * i) / 16_000))).toBeLessThan(1e-3);
    }
  });
});
