import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ApiContext, ROUTES, refusal } from './api.js';
import type { Access } from './auth.js';
import type { Guard } from './guard.js';
import type { Metrics } from './metrics.js';
import { HttpError, sendJson, sendText, setSecurityHeaders } from './respond.js';
import type { StaticFiles } from './static-files.js';

/** Where every request comes in: who may ask, for what, and how a refusal is said. */
export class Gateway {
  constructor(
    private readonly context: ApiContext,
    private readonly guard: Guard,
    private readonly files: StaticFiles,
    private readonly metrics: Metrics,
  ) {}

  /** Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('finish', () => this.metrics.requests.inc({ status: String(response.statusCode) }));
    // A client that vanishes is no error of ours; whatever is being sent ends with it.
    response.on('error', () => response.destroy());
    setSecurityHeaders(response);
    try {
      await this.dispatch(request, response);
    } catch (error) {
      this.refuse(request, response, error);
    }
  }

  /** The live channel: an upgrade is let in or answered with a plain HTTP refusal. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    try {
      this.checkHost(request);
      if (urlOf(request).pathname !== '/api/live') throw new HttpError(404, 'nothing here');
      const access = this.checkAccess(request);
      if (this.context.hub.full) throw new HttpError(503, 'too many pages are connected', { 'retry-after': '10' });
      this.context.hub.accept(request, socket, head, access.by === 'session' ? access.session : null);
    } catch (error) {
      const { status, message } = error instanceof HttpError ? error : { status: 500, message: 'internal error' };
      const reason = STATUS_CODES[status] ?? '';
      // A client that does not hang up itself would hold one of the connections that there are.
      socket.once('finish', () => socket.destroy());
      socket.end(
        `HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n` +
          `content-length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
      );
    }
  }

  private async dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.checkHost(request);
    const url = urlOf(request);
    const reading = request.method === 'GET' || request.method === 'HEAD';
    if (reading && url.pathname === '/healthz') return this.sendHealth(request, response);
    if (reading && url.pathname === '/metrics') return this.sendMetrics(request, response);
    if (reading && this.files.send(url.pathname, request, response)) return;
    await this.callApi(request, response, url, reading);
  }

  private async callApi(request: IncomingMessage, response: ServerResponse, url: URL, reading: boolean): Promise<void> {
    const matching = ROUTES.filter((route) => route.pattern.test(url.pathname));
    const route = matching.find(({ method }) => method === (reading ? 'GET' : request.method));
    const match = route?.pattern.exec(url.pathname);
    if (!route || !match) {
      const allow = this.isPage(url.pathname) ? 'GET' : matching.map(({ method }) => method).join(', ');
      if (allow === '') throw new HttpError(404, `${url.pathname}: nothing here`);
      throw new HttpError(405, `${url.pathname}: expected ${allow}, got ${request.method}`, { allow });
    }
    let access: Access;
    if (route.open) {
      if (!reading) this.checkOrigin(request, true);
      access = this.context.auth.check(request);
    } else {
      access = this.checkAccess(request, reading);
    }
    await route.handle(this.context, { request, response, url, access, match });
  }

  private isPage(path: string): boolean {
    return path === '/healthz' || path === '/metrics' || this.files.has(path);
  }

  private checkHost(request: IncomingMessage): void {
    if (this.guard.hostAllowed(request)) return;
    const host = (request.headers.host ?? 'none').slice(0, 200);
    throw new HttpError(403, `Host ${host}: not an allowed name (http.allowedOrigins)`);
  }

  private checkOrigin(request: IncomingMessage, byCookie: boolean): void {
    if (this.guard.originAllowed(request, byCookie)) return;
    const origin = (request.headers.origin ?? 'none').slice(0, 200);
    throw new HttpError(403, `Origin ${origin}: not allowed (http.allowedOrigins)`);
  }

  /** @throws {HttpError} 401, 429 or 403 */
  private checkAccess(request: IncomingMessage, reading = false): Access & { granted: true } {
    const access = this.context.auth.check(request);
    if (!access.granted) throw refusal(access.waitMs);
    if (!reading) this.checkOrigin(request, access.by === 'session');
    return access;
  }

  /** Open to probes; the details only to those who are logged in. */
  private sendHealth(request: IncomingMessage, response: ServerResponse): void {
    const checks = this.context.options.health();
    const ok = checks.every((check) => check.ok);
    const body = { status: ok ? 'ok' : 'failing', version: this.context.options.version };
    const { granted } = this.context.auth.check(request);
    sendJson(response, ok ? 200 : 503, granted ? { ...body, checks } : body);
  }

  private async sendMetrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.checkAccess(request, true);
    const { type, body } = await this.metrics.text(this.context.options.health());
    sendText(response, 200, type, body);
  }

  private refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const known = error instanceof HttpError;
    if (!known) {
      this.context.options.log?.('warn', `${request.method} ${request.url?.slice(0, 200)}: ${String(error)}`);
    }
    // A body that nobody will read must not keep the connection busy.
    if (!request.complete) response.setHeader('connection', 'close');
    for (const [name, value] of Object.entries(known ? error.headers : {})) response.setHeader(name, value);
    for (const name of ['content-encoding', 'etag', 'accept-ranges']) response.removeHeader(name);
    sendJson(response, known ? error.status : 500, { error: known ? error.message : 'internal error' });
  }
}

function urlOf(request: IncomingMessage): URL {
  try {
    return new URL(request.url ?? '/', 'http://localhost');
  } catch {
    throw new HttpError(400, 'address: malformed');
  }
}
