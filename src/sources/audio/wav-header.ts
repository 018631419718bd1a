import { SourceError } from '../../contracts.js';
import type { ByteSource } from './byte-source.js';

/** How one sample is stored. All are little-endian; `int` of one byte is unsigned. */
export type Encoding = 'int' | 'float' | 'a-law' | 'mu-law';

/** Interleaved PCM: a frame is one sample of each channel. */
export interface PcmLayout {
  readonly encoding: Encoding;
  /** Bytes a sample: int 1–4, float 4 or 8, a-law and mu-law 1. */
  readonly sampleBytes: number;
  readonly channels: number;
}

export interface WavHeader extends PcmLayout {
  readonly sampleRateHz: number;
  /** Offset of the first sample in the file, bytes. */
  readonly dataOffset: number;
  /** Whole frames that are really in the file. */
  readonly frames: number;
  /** Bytes of samples that the header announces and the file lacks; 0 for a stream's header, which announces nothing. */
  readonly missingBytes: number;
}

interface Format extends PcmLayout {
  readonly sampleRateHz: number;
}

/** No real file has more chunks; a crafted one could have millions. */
const maxChunks = 1_000;
/** Data sizes that arecord and sox write while they do not know it: 2 GiB, or nearly. */
const STREAM_BYTES = [0x7fff0000, 0x80000000] as const;
const formatNames: Readonly<Record<number, string>> = {
  2: 'Microsoft ADPCM',
  17: 'IMA ADPCM',
  49: 'GSM',
  80: 'MPEG',
  85: 'MP3',
  255: 'AAC',
};
/** Last 14 bytes of the sub-format of WAVE_FORMAT_EXTENSIBLE: plain, and B-format (ambisonic) recordings. */
const subFormatTails = ['000000001000800000aa00389b71', '00002107d3118644c8c1ca000000'];

/**
 * Reads a RIFF, RF64 or BW64 header within bounds: chunks in any order, odd sizes padded, WAVE_FORMAT_EXTENSIBLE.
 * A data size of 0 or 0xFFFFFFFF, or of 2 GiB as arecord and sox have it (written by a recorder that streams or was
 * killed), or larger than the file, means: as much as is there. Never reads more than 40 bytes of any chunk.
 * @param name for messages   @throws {SourceError} what was expected and what was found
 */
export async function readWavHeader(source: ByteSource, name: string): Promise<WavHeader> {
  const container = await readContainer(source, name);
  let format: Format | null = null;
  let data: { offset: number; announced: number } | null = null;
  let longSize: number | null = null;
  let offset = 12;
  for (let n = 0; n < maxChunks && !(format && data); n++) {
    const chunk = await readChunk(source, offset);
    if (chunk === null) break;
    const body = offset + 8;
    if (chunk.id === 'ds64' && container !== 'RIFF') longSize = await readLongSize(source, body, chunk.size);
    if (chunk.id === 'fmt ') format = await readFormat(source, body, chunk.size, name);
    if (chunk.id === 'data') {
      data = { offset: body, announced: await announcedBytes(source, body, chunk.size, longSize) };
      offset = body + data.announced + (data.announced % 2);
    } else {
      offset = body + chunk.size + (chunk.size % 2);
    }
  }
  if (format === null) throw new SourceError(`${name}: not a WAV file that can be read: it has no "fmt " chunk`);
  if (data === null) throw new SourceError(`${name}: not a WAV file that can be read: it has no "data" chunk`);
  return header(format, data, source.sizeBytes);
}

function header(format: Format, data: { offset: number; announced: number }, sizeBytes: number): WavHeader {
  const there = Math.max(0, Math.min(data.announced, sizeBytes - data.offset));
  const missing = Number.isFinite(data.announced) ? data.announced - there : 0;
  const frames = Math.floor(there / (format.channels * format.sampleBytes));
  return { ...format, dataOffset: data.offset, frames, missingBytes: missing };
}

async function readContainer(source: ByteSource, name: string): Promise<string> {
  const bytes = await source.read(0, 12);
  if (bytes.length === 0) throw new SourceError(`${name}: empty file, expected a WAV file`);
  if (bytes.length < 12) throw new SourceError(`${name}: ${bytes.length} bytes long, expected a WAV file`);
  const id = text(bytes, 0);
  const form = text(bytes, 8);
  if (!['RIFF', 'RF64', 'BW64'].includes(id) || form !== 'WAVE') {
    throw new SourceError(`${name}: not a WAV file: expected "RIFF" … "WAVE", found "${id}" … "${form}"`);
  }
  return id;
}

async function readChunk(source: ByteSource, offset: number): Promise<{ id: string; size: number } | null> {
  if (offset + 8 > source.sizeBytes) return null;
  const bytes = await source.read(offset, 8);
  return bytes.length < 8 ? null : { id: text(bytes, 0), size: view(bytes).getUint32(4, true) };
}

/** Size of the data chunk in an RF64 file, bytes; null when it makes no sense. */
async function readLongSize(source: ByteSource, offset: number, size: number): Promise<number | null> {
  if (size < 16) return null;
  const bytes = await source.read(offset, 16);
  if (bytes.length < 16) return null;
  const long = view(bytes).getBigUint64(8, true);
  return long > 0n && long <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(long) : null;
}

/** Bytes of samples that the header announces; Infinity when it announces nothing. */
async function announcedBytes(
  source: ByteSource,
  offset: number,
  size: number,
  longSize: number | null,
): Promise<number> {
  if (size === 0xffffffff) return longSize ?? Number.POSITIVE_INFINITY;
  const fits = offset + size <= source.sizeBytes;
  if (!fits && size >= STREAM_BYTES[0] && size <= STREAM_BYTES[1]) return Number.POSITIVE_INFINITY;
  if (size > 0) return size;
  // Truly empty when another chunk follows; else the recorder never came to write the size.
  const next = await readChunk(source, offset);
  const empty = next !== null && /^[ A-Za-z0-9]{4}$/.test(next.id) && offset + 8 + next.size <= source.sizeBytes;
  return empty ? 0 : Number.POSITIVE_INFINITY;
}

async function readFormat(source: ByteSource, offset: number, size: number, name: string): Promise<Format> {
  const bytes = await source.read(offset, Math.min(size, 40));
  if (bytes.length < 16) {
    throw new SourceError(`${name}: "fmt " chunk: expected at least 16 bytes, found ${bytes.length}`);
  }
  const fields = view(bytes);
  const tag = formatTag(bytes, name);
  const channels = fields.getUint16(2, true);
  const sampleRateHz = fields.getUint32(4, true);
  const frameBytes = fields.getUint16(12, true);
  const bits = fields.getUint16(14, true);
  const encoding = encodingOf(tag, name);
  const sampleBytes = Math.ceil(bits / 8);
  const allowed = { int: [1, 2, 3, 4], float: [4, 8], 'a-law': [1], 'mu-law': [1] }[encoding];
  if (channels === 0) throw new SourceError(`${name}: channels: expected at least 1, header says 0`);
  if (sampleRateHz === 0) throw new SourceError(`${name}: sample rate: expected at least 1 Hz, header says 0`);
  if (!allowed.includes(sampleBytes)) {
    const expected = allowed.map((n) => n * 8).join(', ');
    throw new SourceError(`${name}: bits a sample: expected ${expected} for ${encoding}, header says ${bits}`);
  }
  if (frameBytes !== channels * sampleBytes) {
    const expected = `${channels * sampleBytes} (${channels} channels of ${sampleBytes} bytes)`;
    throw new SourceError(`${name}: bytes a frame: expected ${expected}, header says ${frameBytes}`);
  }
  return { encoding, sampleBytes, channels, sampleRateHz };
}

function formatTag(fmt: Uint8Array, name: string): number {
  const tag = view(fmt).getUint16(0, true);
  if (tag !== 0xfffe) return tag;
  if (fmt.length < 40)
    throw new SourceError(`${name}: extensible "fmt " chunk: expected 40 bytes, found ${fmt.length}`);
  const tail = Buffer.from(fmt.subarray(26, 40)).toString('hex');
  if (!subFormatTails.includes(tail)) throw new SourceError(`${name}: unknown sub-format ${tail} of an extensible WAV`);
  return view(fmt).getUint16(24, true);
}

function encodingOf(tag: number, name: string): Encoding {
  if (tag === 1) return 'int';
  if (tag === 3) return 'float';
  if (tag === 6) return 'a-law';
  if (tag === 7) return 'mu-law';
  const found = formatNames[tag] ?? `format 0x${tag.toString(16).padStart(4, '0')}`;
  throw new SourceError(
    `${name}: expected PCM, float, A-law or µ-law samples, found ${found} (a source of type ffmpeg reads it)`,
  );
}

/** Four printable characters; others show as "?", so that a message stays one clean line. */
function text(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4)).replace(/[^ -~]/g, '?');
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
