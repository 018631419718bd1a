import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { ConfigError } from '../../contracts.js';

/**
 * Which names the page may be reached by, and which pages may talk to it.
 *
 * Host: DNS rebinding makes a browser send a foreign *name* to our address; so names are allowed one by one, while
 * addresses are harmless (a page under an address is ours). Origin: a browser names the page behind every POST and
 * WebSocket, which must be the page that we serve ourselves, or one under an allowed name.
 */
export class Guard {
  private readonly names: ReadonlySet<string>;
  private readonly origins: ReadonlySet<string>;

  /** @throws {ConfigError} for an origin that is not `http(s)://host[:port]` */
  constructor(
    private readonly loopbackOnly: boolean,
    allowedOrigins: readonly string[] = [],
  ) {
    const origins = allowedOrigins.map(parseOrigin);
    const own = loopbackOnly ? [] : [hostname(), `${hostname()}.local`];
    this.origins = new Set(origins.map((url) => url.origin));
    this.names = new Set(
      ['localhost', ...own, ...origins.map((url) => url.hostname)].map((name) => name.toLowerCase()),
    );
  }

  hostAllowed(request: IncomingMessage): boolean {
    const url = parseUrl(`http://${request.headers.host ?? ''}`);
    return url !== null && url.pathname === '/' && url.username === '' && this.nameAllowed(url.hostname);
  }

  /**
   * A request without an Origin comes from no browser page; it is fine unless it leans on a browser's cookie.
   * `Sec-Fetch-Site` is believed when it says that another site asked.
   */
  originAllowed(request: IncomingMessage, byCookie: boolean): boolean {
    const site = request.headers['sec-fetch-site'];
    if (site === 'cross-site' || site === 'same-site') return false;
    const origin = request.headers.origin;
    if (origin === undefined) return !byCookie;
    const url = parseUrl(origin);
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false;
    return this.origins.has(url.origin) || url.host === hostOf(request, url.protocol);
  }

  private nameAllowed(name: string): boolean {
    if (this.names.has(name.toLowerCase())) return true;
    const address = name.replace(/^\[|\]$/g, '');
    return isIP(address) !== 0 && (!this.loopbackOnly || isLoopback(address));
  }
}

/** True for an address or name that other machines cannot reach. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '').toLowerCase();
  return address === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

/** Host header as a URL of that protocol writes it: lower case, without its default port. */
function hostOf(request: IncomingMessage, protocol: string): string | undefined {
  return parseUrl(`${protocol}//${request.headers.host ?? ''}`)?.host;
}

/** @throws {ConfigError} when it is not `http(s)://host[:port]` */
export function parseOrigin(text: string): URL {
  const url = parseUrl(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '') {
    throw new ConfigError(`http.allowedOrigins: expected an origin such as https://pumps.example.net, got ${text}`);
  }
  return url;
}

function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
