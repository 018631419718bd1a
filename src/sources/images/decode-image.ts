import { readFile, stat } from 'node:fs/promises';
import sharp from 'sharp';
import { SourceError } from '../../contracts.js';

/** What pictures are brought to. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** Bounds on what a picture may ask for: a small file can claim a very large one. */
const MAX_FILE_BYTES = 64 * 2 ** 20;
const MAX_PIXELS = 64_000_000;

// Pictures are seen once: a cache only keeps memory, and by name it would give back a file's old content.
sharp.cache(false);

/**
 * A JPEG or PNG file as pixels (height, width, channels), row-major, 0…1: turned upright as its EXIF says, transparency
 * over black, any colour space to sRGB or grey, stretched to the size by Lanczos.
 * @throws {SourceError} in one line when it is missing, broken, cut short, too large, or something else
 */
export async function decodeImage(path: string, size: ImageSize): Promise<Float32Array> {
  try {
    const bytes = await readBounded(path);
    const image = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' });
    const { format } = await image.metadata();
    if (format !== 'jpeg' && format !== 'png') throw new Error(`found ${format}`);
    const { data, info } = await image
      .rotate()
      .flatten({ background: '#000' })
      .resize(size.width, size.height, { fit: 'fill', kernel: 'lanczos3' })
      .toColourspace(size.channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return toPixels(data, info.channels, size);
  } catch (error) {
    throw new SourceError(`${path}: expected a JPEG or PNG picture, ${reason(error)}`, { cause: error });
  }
}

async function readBounded(path: string): Promise<Buffer> {
  const { size } = await stat(path);
  if (size === 0) throw new Error('the file is empty');
  if (size > MAX_FILE_BYTES) throw new Error(`found ${size} bytes, more than ${MAX_FILE_BYTES}`);
  return readFile(path);
}

/** 0…255 in `found` channels → 0…1 in the channels that are asked for; grey is repeated. */
function toPixels(data: Buffer, found: number, { width, height, channels }: ImageSize): Float32Array {
  const pixels = new Float32Array(width * height * channels);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      pixels[pixel * channels + channel] = (data[pixel * found + Math.min(channel, found - 1)] ?? 0) / 255;
    }
  }
  return pixels;
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return 'the file does not exist';
  if (code === 'EISDIR') return 'found a folder';
  return (error.message.split('\n')[0] ?? '').replace(/^Input buffer /, 'the file ');
}
