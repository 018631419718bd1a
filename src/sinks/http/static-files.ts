import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

interface Asset {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
  readonly etag: string;
  /** Its name holds a digest of its content, so it may be kept for ever. */
  readonly immutable: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** The built page, held in memory: only files that were there at the start can be asked for. */
export class StaticFiles {
  private readonly assets = new Map<string, Asset>();

  /** @param folder flat folder of the built page; a missing one serves nothing. */
  constructor(folder: string) {
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder)) {
      const type = TYPES[extname(name)];
      if (type) this.assets.set(`/${name}`, load(join(folder, name), name, type));
    }
    const index = this.assets.get('/index.html');
    if (index) this.assets.set('/', index);
  }

  get built(): boolean {
    return this.has('/');
  }

  has(path: string): boolean {
    return this.assets.has(path);
  }

  /** False when there is no such file. */
  send(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    const asset = this.assets.get(path);
    if (!asset) return false;
    response.setHeader('content-type', asset.type);
    response.setHeader('etag', asset.etag);
    response.setHeader('vary', 'accept-encoding');
    response.setHeader('cache-control', asset.immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
    if (request.headers['if-none-match'] === asset.etag) {
      response.writeHead(304).end();
      return true;
    }
    const gzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    if (gzip) response.setHeader('content-encoding', 'gzip');
    const body = gzip ? asset.gzipped : asset.plain;
    response.setHeader('content-length', body.length);
    response.writeHead(200).end(request.method === 'HEAD' ? undefined : body);
    return true;
  }
}

/** `dist/dashboard`, seen from the compiled code and from the sources. */
export function builtPage(): string {
  const compiled = fileURLToPath(new URL('../../dashboard', import.meta.url));
  const fromSources = fileURLToPath(new URL('../../../dist/dashboard', import.meta.url));
  return existsSync(join(compiled, 'index.html')) ? compiled : fromSources;
}

function load(path: string, name: string, type: string): Asset {
  const plain = readFileSync(path);
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return { type, plain, gzipped: gzipSync(plain), etag, immutable: /-[A-Z0-9]{8}\.\w+$/.test(name) };
}
