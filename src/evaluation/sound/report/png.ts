/** A picture of numbers as a PNG in a data URI: 256 colours, one byte a pixel. */
import { deflateSync } from 'node:zlib';

/** Dark to light in even steps of lightness, readable without seeing colours: anchors, evenly spaced. */
const ANCHORS = [
  [13, 8, 59],
  [59, 26, 120],
  [122, 35, 122],
  [186, 55, 96],
  [236, 98, 60],
  [251, 165, 50],
  [250, 250, 170],
] as const;

export interface HeatMap {
  /** (columns, rows) one column after the other, the lowest row first; what is not finite is drawn as `from`. */
  readonly values: Float32Array;
  readonly columns: number;
  readonly rows: number;
  /** Values of the darkest and of the lightest colour. */
  readonly from: number;
  readonly to: number;
}

/** `data:image/png;base64,…`, the lowest row at the bottom. */
export function heatMapUri({ values, columns, rows, from, to }: HeatMap): string {
  const lines = Buffer.alloc(rows * (columns + 1));
  const scale = 255 / (to - from || 1);
  for (let row = 0; row < rows; row++) {
    const line = (rows - 1 - row) * (columns + 1) + 1; // a line begins with its filter, 0 = none
    for (let column = 0; column < columns; column++) {
      const level = Math.round(((values[column * rows + row] as number) - from) * scale);
      lines[line + column] = level > 0 ? Math.min(255, level) : 0;
    }
  }
  return `data:image/png;base64,${encode(columns, rows, lines).toString('base64')}`;
}

function encode(width: number, height: number, lines: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8); // 8 bits a pixel, indexed colours
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('PLTE', palette()),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function palette(): Buffer {
  const colours = Buffer.alloc(256 * 3);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (ANCHORS.length - 1);
    const low = Math.min(ANCHORS.length - 2, Math.floor(at));
    const [a, b] = [ANCHORS[low] as readonly number[], ANCHORS[low + 1] as readonly number[]];
    for (let c = 0; c < 3; c++) {
      colours[3 * i + c] = Math.round((a[c] as number) + (at - low) * ((b[c] as number) - (a[c] as number)));
    }
  }
  return colours;
}

function chunk(type: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, data.length + 8)), data.length + 8);
  return bytes;
}

/** The PNG specification's, polynomial 0xEDB88320 reflected. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
