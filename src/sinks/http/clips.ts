import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Clip } from '../../store/types.js';
import { HttpError } from './respond.js';

export interface ByteRange {
  readonly first: number;
  /** Inclusive. */
  readonly last: number;
}

/**
 * One byte range of RFC 9110 §14; null when the header is absent, malformed or asks for several ranges (all of which
 * are answered by the whole), 'unsatisfiable' when it lies outside.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | null | 'unsatisfiable' {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  if (match[1] === '') {
    const length = Number(match[2]);
    return length === 0 || size === 0 ? 'unsatisfiable' : { first: Math.max(0, size - length), last: size - 1 };
  }
  const first = Number(match[1]);
  const last = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (match[2] !== '' && Number(match[2]) < first) return null;
  return first >= size ? 'unsatisfiable' : { first, last };
}

/** Sends a stored clip, which never changes under its digest. A reader that stops halfway is no error. */
export async function sendClip(
  request: IncomingMessage,
  response: ServerResponse,
  { path, type, sha256, createdMs }: Pick<Clip, 'path' | 'type' | 'sha256' | 'createdMs'>,
): Promise<void> {
  const file = await open(path, 'r').catch(() => {
    throw new HttpError(404, `clip ${sha256}: not stored`);
  });
  try {
    const { size } = await file.stat();
    const range = parseRange(request.headers.range, size);
    response.setHeader('content-type', type);
    response.setHeader('accept-ranges', 'bytes');
    response.setHeader('cache-control', 'private, max-age=31536000, immutable');
    response.setHeader('etag', `"${sha256}"`);
    response.setHeader('x-clip-start-ms', createdMs);
    if (range === 'unsatisfiable') {
      throw new HttpError(416, `range: clip has ${size} bytes`, { 'content-range': `bytes */${size}` });
    }
    const { first, last } = range ?? { first: 0, last: size - 1 };
    if (range) response.setHeader('content-range', `bytes ${first}-${last}/${size}`);
    response.setHeader('content-length', last - first + 1);
    response.writeHead(range ? 206 : 200);
    if (request.method === 'HEAD' || size === 0) response.end();
    else await pipeline(file.createReadStream({ start: first, end: last, autoClose: false }), response);
  } finally {
    await file.close();
  }
}
