/** Small WAV writer for tests: every encoding, chunk order and header oddity. */
export interface WavSpec {
  readonly tag: 'int' | 'float' | 'a-law' | 'mu-law';
  readonly bits: number;
  readonly channels: readonly (readonly number[])[];
  readonly rateHz?: number;
  readonly extensible?: boolean;
  readonly container?: 'RIFF' | 'RF64' | 'BW64';
  /** Chunks before "fmt ", between it and "data", and after. */
  readonly before?: readonly Chunk[];
  readonly between?: readonly Chunk[];
  readonly after?: readonly Chunk[];
  /** "data" before "fmt ". */
  readonly dataFirst?: boolean;
  /** Written instead of the real size of the data chunk. */
  readonly dataSize?: number;
}
export interface Chunk {
  readonly id: string;
  readonly body: Buffer;
}

const tags = { int: 1, float: 3, 'a-law': 6, 'mu-law': 7 };

/** `channels` hold stored values: integers (8-bit 0…255, codes for G.711) or floats. */
export function writeWav(spec: WavSpec): Buffer {
  const rateHz = spec.rateHz ?? 16_000;
  const data = interleave(spec);
  const fmt = { id: 'fmt ', body: formatBody(spec, rateHz) };
  const body = { id: 'data', body: data };
  const middle = spec.dataFirst ? [body, ...(spec.between ?? []), fmt] : [fmt, ...(spec.between ?? []), body];
  const long = spec.container && spec.container !== 'RIFF' ? [{ id: 'ds64', body: longSizes(data.length) }] : [];
  const chunks = [...long, ...(spec.before ?? []), ...middle, ...(spec.after ?? [])];
  const parts = chunks.map((part) => chunk(part, part === body ? sizeOf(spec, data.length) : part.body.length));
  const length = parts.reduce((sum, part) => sum + part.length, 4);
  const head = Buffer.alloc(12);
  head.write(spec.container ?? 'RIFF', 0, 'latin1');
  head.writeUInt32LE(long.length ? 0xffffffff : length, 4);
  head.write('WAVE', 8, 'latin1');
  return Buffer.concat([head, ...parts]);
}

function sizeOf(spec: WavSpec, length: number): number {
  if (spec.dataSize !== undefined) return spec.dataSize;
  return spec.container && spec.container !== 'RIFF' ? 0xffffffff : length;
}

function chunk({ id, body }: Chunk, size: number): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, 0, 'latin1');
  head.writeUInt32LE(size, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}

function longSizes(dataBytes: number): Buffer {
  const body = Buffer.alloc(28);
  body.writeBigUInt64LE(BigInt(dataBytes + 100), 0);
  body.writeBigUInt64LE(BigInt(dataBytes), 8);
  return body;
}

function formatBody(spec: WavSpec, rateHz: number): Buffer {
  const body = Buffer.alloc(spec.extensible ? 40 : 16);
  const frame = (spec.channels.length * spec.bits) / 8;
  body.writeUInt16LE(spec.extensible ? 0xfffe : tags[spec.tag], 0);
  body.writeUInt16LE(spec.channels.length, 2);
  body.writeUInt32LE(rateHz, 4);
  body.writeUInt32LE(rateHz * frame, 8);
  body.writeUInt16LE(frame, 12);
  body.writeUInt16LE(spec.bits, 14);
  if (spec.extensible) {
    body.writeUInt16LE(22, 16);
    body.writeUInt16LE(spec.bits, 18);
    body.writeUInt16LE(tags[spec.tag], 24);
    Buffer.from('000000001000800000aa00389b71', 'hex').copy(body, 26);
  }
  return body;
}

function interleave(spec: WavSpec): Buffer {
  const frames = spec.channels[0]?.length ?? 0;
  const bytes = spec.bits / 8;
  const data = Buffer.alloc(frames * bytes * spec.channels.length);
  let at = 0;
  for (let i = 0; i < frames; i++) {
    for (const channel of spec.channels) {
      const value = channel[i] ?? 0;
      if (spec.tag === 'float') bytes === 4 ? data.writeFloatLE(value, at) : data.writeDoubleLE(value, at);
      else if (bytes === 1) data.writeUInt8(value, at);
      else data.writeIntLE(value, at, bytes);
      at += bytes;
    }
  }
  return data;
}
