import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SourceError } from '../../src/contracts.js';
import { decodeImage } from '../../src/sources/images/decode-image.js';
import { imageFiles } from '../../src/sources/images/image-files.js';
import { type ImageFilesOptions, ImageFilesSource, ImageFolderSource } from '../../src/sources/images/image-source.js';

let folder = '';
const at = (name: string) => join(folder, name);
const small = { width: 2, height: 2, channels: 3 } as const;

/** A picture of flat quadrants, large enough that JPEG keeps their middle. */
function quadrants(colours: readonly string[], size = 32) {
  const half = size / 2;
  return sharp({ create: { width: size, height: size, channels: 3, background: '#000' } }).composite(
    colours.map((background, i) => ({
      input: { create: { width: half, height: half, channels: 3 as const, background } },
      left: (i % 2) * half,
      top: Math.floor(i / 2) * half,
    })),
  );
}

const colours = ['#ff0000', '#00ff00', '#0000ff', '#ffffff'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auscult-images-'));
  await mkdir(at('set/deeper'), { recursive: true });
  await quadrants(colours).png().toFile(at('set/b.png'));
  await quadrants(colours).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toFile(at('set/a.JPG'));
  await quadrants(colours).png().toFile(at('set/deeper/c.png'));
  await writeFile(at('set/notes.txt'), 'no picture');
  await writeFile(at('set/.hidden.png'), 'no picture');
});
afterAll(() => rm(folder, { recursive: true }));

const corners = async (path: string, channels: 1 | 3 = 3) =>
  Array.from(await decodeImage(path, { width: 32, height: 32, channels })).filter((_, i) => {
    const [y, x] = [Math.floor(i / channels / 32), Math.floor(i / channels) % 32];
    return (y === 4 || y === 28) && (x === 4 || x === 28);
  });

describe('a decoded picture', () => {
  it.each(['set/b.png', 'set/a.JPG'])('%s is rows of pixels, red, green and blue from 0 to 1', async (name) => {
    const values = await corners(at(name));
    const expected = [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1];
    expected.forEach((value, i) => {
      expect(Math.abs((values[i] ?? Number.NaN) - value)).toBeLessThan(0.02);
    });
  });

  it('is resized to what is asked, whatever its shape', async () => {
    await sharp({ create: { width: 37, height: 5, channels: 3, background: '#336699' } })
      .png()
      .toFile(at('wide.png'));
    const pixels = await decodeImage(at('wide.png'), { width: 4, height: 3, channels: 3 });
    expect(pixels).toHaveLength(36);
    expect([...pixels.slice(0, 3)]).toEqual([0x33 / 255, 0x66 / 255, 0x99 / 255].map(Math.fround));
  });

  it('repeats grey three times, and makes colour grey when one channel is asked', async () => {
    await sharp(Buffer.from([0, 128, 255, 64]), { raw: { width: 2, height: 2, channels: 1 } })
      .png()
      .toFile(at('grey.png'));
    const grey = [0, 128, 255, 64].map((value) => Math.fround(value / 255));
    expect([...(await decodeImage(at('grey.png'), { ...small, channels: 1 }))]).toEqual(grey);
    expect([...(await decodeImage(at('grey.png'), small))]).toEqual(grey.flatMap((value) => [value, value, value]));
    const [red, green, blue, white] = await corners(at('set/b.png'), 1);
    expect(white).toBe(1);
    expect(green).toBeGreaterThan(red ?? 1);
    expect(red).toBeGreaterThan(blue ?? 1);
  });

  it('has transparency over black and 16 bits brought to 8', async () => {
    const rgba = Buffer.from([255, 255, 255, 0, 255, 255, 255, 255, 200, 100, 50, 255, 0, 0, 0, 255]);
    await sharp(rgba, { raw: { width: 2, height: 2, channels: 4 } })
      .png()
      .toFile(at('alpha.png'));
    const pixels = await decodeImage(at('alpha.png'), small);
    expect([...pixels.slice(0, 6)]).toEqual([0, 0, 0, 1, 1, 1]);
    await quadrants(colours).toColourspace('rgb16').png().toFile(at('deep.png'));
    expect((await corners(at('deep.png'))).map((value) => Math.round(value * 100) / 100)).toEqual([
      1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1,
    ]);
  });

  it('is turned upright as its EXIF orientation says', async () => {
    await quadrants(colours)
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .withMetadata({ orientation: 6 })
      .toFile(at('turned.jpg'));
    const values = await corners(at('turned.jpg'));
    // Turned clockwise: blue, red above white, green.
    expect(values.slice(0, 3).map(Math.round)).toEqual([0, 0, 1]);
    expect(values.slice(3, 6).map(Math.round)).toEqual([1, 0, 0]);
  });

  it.each([
    ['empty.png', () => Buffer.alloc(0), /empty\.png: expected a JPEG or PNG picture, the file is empty/],
    ['text.jpg', () => Buffer.from('hello'), /text\.jpg: expected .* unsupported image format/],
    ['cut.jpg', async () => (await readFile(at('set/a.JPG'))).subarray(0, 200), /cut\.jpg: expected a JPEG/],
    ['cut.png', async () => (await readFile(at('set/b.png'))).subarray(0, 80), /cut\.png: expected a JPEG/],
    ['huge.png', async () => claimSize(await readFile(at('set/b.png')), 60_000), /huge\.png: expected .*pixel limit/],
    ['drawing.png', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), /found svg/],
  ])('%s is one line that names the file', async (name, bytes, message) => {
    await writeFile(at(name), await bytes());
    await expect(decodeImage(at(name), small)).rejects.toThrow(SourceError);
    await expect(decodeImage(at(name), small)).rejects.toThrow(message);
    await expect(decodeImage(at(name), small)).rejects.not.toThrow(/\n/);
  });

  it('that is not there is said to be missing', async () => {
    await expect(decodeImage(at('none.png'), small)).rejects.toThrow(/none\.png.*does not exist/);
  });
});

/** The PNG with another width and height in its header, and the header's checksum made right. */
function claimSize(png: Buffer, side: number): Buffer {
  const claimed = Buffer.from(png);
  claimed.writeUInt32BE(side, 16);
  claimed.writeUInt32BE(side, 20);
  let crc = 0xffffffff;
  for (const byte of claimed.subarray(12, 29)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  claimed.writeUInt32BE(~crc >>> 0, 29);
  return claimed;
}

describe('a source of pictures', () => {
  const options = (change: Partial<ImageFilesOptions> = {}): ImageFilesOptions => ({
    feed: 'camera',
    machine: 'press',
    files: [at('set')],
    ...small,
    ...change,
  });
  const all = async (source: ImageFilesSource) => {
    const found = [];
    for await (const item of source.stream(new AbortController().signal)) found.push(item);
    return found;
  };

  it('delivers a folder by name, with the folders below it', async () => {
    expect(await imageFiles(at('set'))).toEqual([at('set/a.JPG'), at('set/b.png'), at('set/deeper/c.png')]);
    const found = await all(new ImageFilesSource(options()));
    expect(found.map((item) => (item.kind === 'image' ? [item.origin, item.sequence] : item))).toEqual([
      [at('set/a.JPG'), 0],
      [at('set/b.png'), 1],
      [at('set/deeper/c.png'), 2],
    ]);
    const times = found.map((item) => (item.kind === 'image' ? item.startMs : 0));
    expect(times).toEqual([...times].sort());
  });

  it('says which picture is broken, and goes on', async () => {
    await writeFile(at('broken.png'), 'broken');
    const found = await all(new ImageFilesSource(options({ files: [at('broken.png'), at('set/b.png')] })));
    expect(found).toMatchObject([
      {
        kind: 'trouble',
        code: 'bad-image',
        feed: 'camera',
        down: false,
        message: expect.stringContaining('broken.png'),
      },
      { kind: 'image', origin: at('set/b.png'), width: 2, height: 2, channels: 3, sequence: 0 },
    ]);
  });

  it('refuses a path where nothing is, and a folder without pictures', async () => {
    await mkdir(at('bare'), { recursive: true });
    await expect(all(new ImageFilesSource(options({ files: [at('bare')] })))).rejects.toThrow(
      /bare: expected \.jpg or \.jpeg or \.png files/,
    );
    await expect(all(new ImageFilesSource(options({ files: [at('nowhere')] })))).rejects.toThrow(
      /nowhere: .*found ENOENT/,
    );
  });

  it('watches a folder for new pictures until it is stopped', async () => {
    await mkdir(at('live'));
    await quadrants(colours).png().toFile(at('live/old.png'));
    const stop = new AbortController();
    const source = new ImageFolderSource({ ...options(), folder: at('live'), stableMs: 40 });
    const seen: string[] = [];
    setTimeout(() => void writeFile(at('live/bad.png'), 'broken'), 300);
    setTimeout(() => void quadrants(colours).png().toFile(at('live/new.png')), 600);
    for await (const item of source.stream(stop.signal)) {
      seen.push(item.kind === 'trouble' ? item.code : item.kind === 'image' ? item.origin : '');
      if (item.kind === 'image') stop.abort();
    }
    expect(seen).toEqual(['bad-image', at('live/new.png')]);
  });
});
