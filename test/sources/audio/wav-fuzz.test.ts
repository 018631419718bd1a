import { readFileSync } from 'node:fs';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../src/contracts.js';
import { memoryBytes } from '../../../src/sources/audio/byte-source.js';
import { WavFile } from '../../../src/sources/audio/wav-file.js';
import { watchAllocations } from './allocations.js';
import { pumpFile } from './programs.js';
import { writeWav } from './wav-writer.js';

const mutations = 100_000;
const numbers = Array.from({ length: 24 }, (_, i) => (i * 37) % 100);
const junk = { id: 'LIST', body: Buffer.from('INFOxyz') };
const seeds = [
  readFileSync(pumpFile).subarray(0, 300),
  writeWav({ tag: 'int', bits: 24, channels: [numbers, numbers], extensible: true, before: [junk] }),
  writeWav({ tag: 'float', bits: 32, channels: [numbers.map((x) => x / 100)], after: [junk] }),
  writeWav({ tag: 'float', bits: 64, channels: [numbers], dataFirst: true, between: [junk] }),
  writeWav({ tag: 'int', bits: 16, channels: Array.from({ length: 8 }, () => numbers), extensible: true }),
  writeWav({ tag: 'mu-law', bits: 8, channels: [numbers], container: 'RF64' }),
  writeWav({ tag: 'int', bits: 32, channels: [numbers], dataSize: 0 }),
];
/** Values that headers get wrong. */
const nasty = [0, 1, 2, 3, 7, 8, 0x7f, 0x80, 0xff, 0xfffe, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

describe('broken WAV files', () => {
  it(`${mutations.toLocaleString('en')} mutations are read or refused with one line, within bounds`, async () => {
    const random = xoroshiro128plus(7);
    const below = (n: number) => uniformInt(random, 0, n - 1);
    let read = 0;
    let refused = 0;
    const allocations = watchAllocations();
    for (let i = 0; i < mutations; i++) {
      const bytes = mutate(Buffer.from(seeds[i % seeds.length] ?? []), below);
      try {
        const file = await WavFile.from(memoryBytes(bytes), 'fuzz.wav');
        let frames = 0;
        for await (const block of file.blocks(below(3), 1 + below(4_096))) frames += block.length;
        expect(frames).toBe(file.header.frames);
        expect(frames).toBeLessThanOrEqual(bytes.length);
        read++;
      } catch (error) {
        if (!(error instanceof SourceError) || /[\n\r\0]/.test(error.message)) throw error;
        refused++;
      }
    }
    allocations.stop();
    expect(read).toBeGreaterThan(mutations / 10);
    expect(refused).toBeGreaterThan(mutations / 10);
    expect(allocations.count).toBeGreaterThan(read);
    expect(allocations.largestBytes).toBeLessThan(64 << 20);
  });

  it('a header that claims 65,535 channels of 32 bits allocates no more than the file holds', async () => {
    const bytes = writeWav({
      tag: 'int',
      bits: 8,
      channels: Array.from({ length: 60_000 }, () => [1, 2]),
      dataSize: 0xfffffff0,
    });
    const file = await WavFile.from(memoryBytes(bytes), 'wide.wav');
    const allocations = watchAllocations();
    for await (const block of file.blocks(59_999, 1_000_000)) expect(block.length).toBe(2);
    allocations.stop();
    expect(allocations.count).toBeGreaterThan(0);
    expect(allocations.largestBytes).toBeLessThan(16 << 20);
  });
});

function mutate(bytes: Buffer, below: (n: number) => number): Buffer {
  let out = bytes;
  for (let n = 1 + below(3); n > 0; n--) out = mutateOnce(out, below);
  return out;
}

function mutateOnce(bytes: Buffer, below: (n: number) => number): Buffer {
  const at = below(Math.min(bytes.length, 120) || 1);
  switch (below(6)) {
    case 0:
      bytes[at] = below(256);
      return bytes;
    case 1:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
      return bytes;
    case 2:
      if (at + 4 <= bytes.length) bytes.writeUInt32LE(nasty[below(nasty.length)] ?? 0, at);
      return bytes;
    case 3:
      return bytes.subarray(0, below(bytes.length + 1));
    case 4:
      return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(below(40), below(256)), bytes.subarray(at)]);
    default:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + below(12))]);
  }
}
