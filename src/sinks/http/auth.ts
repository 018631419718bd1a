import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Attempts } from './attempts.js';
import type { Credentials, HttpLimits } from './types.js';

/** How a request proved itself. `open`: no login is configured. */
export type Access =
  | { readonly granted: true; readonly by: 'open' | 'basic' }
  | { readonly granted: true; readonly by: 'session'; readonly session: string }
  | { readonly granted: false; readonly waitMs: number };

const MAX_SESSIONS = 1_000;

/**
 * One user and password. Pages log in once and then carry a random session in an HttpOnly cookie; machines send
 * Basic. Sessions live in memory, only as digests: a restart logs everyone out.
 */
export class Auth {
  private readonly key = randomBytes(32);
  private readonly expected: Buffer | null;
  private readonly attempts: Attempts;
  private readonly sessions = new Map<string, number>();

  /** @param cookieName differs by port, since browsers share cookies between ports. */
  constructor(
    credentials: Credentials | null,
    private readonly cookieName: string,
    private readonly limits: HttpLimits,
    private readonly now: () => number = Date.now,
  ) {
    this.expected = credentials && this.digest(credentials);
    this.attempts = new Attempts(limits.loginAttempts, limits.attemptWindowMs, now);
  }

  get required(): boolean {
    return this.expected !== null;
  }

  check(request: IncomingMessage): Access {
    if (this.expected === null) return { granted: true, by: 'open' };
    const session = this.sessionOf(request);
    if (session !== null) return { granted: true, by: 'session', session };
    const basic = basicCredentials(request.headers.authorization);
    if (basic === null) return { granted: false, waitMs: 0 };
    const waitMs = this.verify(basic, addressOf(request));
    return waitMs === null ? { granted: true, by: 'basic' } : { granted: false, waitMs };
  }

  /** The Set-Cookie value of a new session, or how long to wait before the next try (0: at once). */
  login(given: Credentials, request: IncomingMessage): { readonly cookie: string } | { readonly waitMs: number } {
    const waitMs = this.verify(given, addressOf(request));
    if (waitMs !== null) return { waitMs };
    const token = randomBytes(32).toString('base64url');
    this.remember(sha256(token));
    return { cookie: this.cookie(token, Math.floor(this.limits.sessionMs / 1000), request) };
  }

  /** Ends the request's session. Returns its id, if there was one, and the cookie that makes the browser forget it. */
  logout(request: IncomingMessage): { readonly session: string | null; readonly cookie: string } {
    const session = this.sessionOf(request);
    if (session !== null) this.sessions.delete(session);
    return { session, cookie: this.cookie('', 0, request) };
  }

  /** null when right; else milliseconds to wait (0: wrong, but another try is free). */
  private verify(given: Credentials, address: string): number | null {
    const waitMs = this.attempts.waitMs(address);
    if (waitMs > 0) return waitMs;
    if (this.expected !== null && timingSafeEqual(this.digest(given), this.expected)) {
      this.attempts.succeed(address);
      return null;
    }
    this.attempts.fail(address);
    return this.attempts.waitMs(address);
  }

  private sessionOf(request: IncomingMessage): string | null {
    const token = cookieValue(request.headers.cookie, this.cookieName);
    if (token === null) return null;
    const session = sha256(token);
    const expires = this.sessions.get(session);
    if (expires === undefined) return null;
    this.sessions.delete(session);
    if (expires <= this.now()) return null;
    this.remember(session);
    return session;
  }

  /** Newest last, so that the session unused for longest is the first to go. */
  private remember(session: string): void {
    this.sessions.set(session, this.now() + this.limits.sessionMs);
    const eldest = this.sessions.keys().next();
    if (this.sessions.size > MAX_SESSIONS && !eldest.done) this.sessions.delete(eldest.value);
  }

  private cookie(token: string, maxAgeS: number, request: IncomingMessage): string {
    const secure = request.headers.origin?.startsWith('https:') ? '; Secure' : '';
    return `${this.cookieName}=${token}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${secure}`;
  }

  /** Fixed length whatever was typed, so that comparing takes the same time. */
  private digest({ user, password }: Credentials): Buffer {
    return createHmac('sha256', this.key)
      .update(JSON.stringify([user, password]))
      .digest();
  }
}

function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? 'unknown';
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function basicCredentials(header: string | undefined): Credentials | null {
  const match = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '');
  if (!match?.[1]) return null;
  const text = Buffer.from(match[1], 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function cookieValue(header: string | undefined, name: string): string | null {
  for (const part of (header ?? '').split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim() || null;
  }
  return null;
}
