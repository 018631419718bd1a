import { createServer, type Server } from 'node:http';
import type { Event, EventChange, LearnProgress, MachineState, Verdict } from '../../contracts.js';
import { Auth } from './auth.js';
import { bind, checkExposure, checkLogin } from './bind.js';
import { Gateway } from './gateway.js';
import { Guard, isLoopback } from './guard.js';
import { LiveHub } from './live-hub.js';
import { LiveState } from './live-state.js';
import { Metrics } from './metrics.js';
import { declineUpgrade, wantsWebSocket } from './other-protocol.js';
import { builtPage, StaticFiles } from './static-files.js';
import {
  DEFAULT_LIMITS,
  type HttpLimits,
  type HttpSink,
  type HttpSinkOptions,
  type SpectrogramFrames,
} from './types.js';

/**
 * Serves the dashboard, its API and its live channel until closed.
 * @throws {ConfigError} when the address cannot be bound, or would be reachable by others without a login
 */
export async function openHttpSink(options: HttpSinkOptions): Promise<HttpSink> {
  checkLogin(options.credentials);
  checkExposure(options.host, options.credentials);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const guard = new Guard(isLoopback(options.host), options.allowedOrigins);
  const files = new StaticFiles(builtPage());
  const server = createServer(serverOptions(limits));
  server.maxConnections = limits.connections;
  const port = await bind(server, options.host, options.port);
  return new NodeHttpSink(options, limits, guard, files, server, port);
}

function serverOptions(limits: HttpLimits) {
  return {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: Math.min(5_000, limits.headersTimeoutMs),
    keepAliveTimeout: 15_000,
    maxHeaderSize: 16 * 1024,
  };
}

class NodeHttpSink implements HttpSink {
  readonly name = 'http';
  private readonly metrics = new Metrics();
  private readonly hub: LiveHub;
  private closing: Promise<void> | null = null;

  constructor(
    private readonly options: HttpSinkOptions,
    limits: HttpLimits,
    guard: Guard,
    files: StaticFiles,
    private readonly server: Server,
    readonly port: number,
  ) {
    const state = new LiveState(options);
    for (const { machine, state: now } of state.snapshot()) this.metrics.machineState(machine, now);
    this.hub = new LiveHub(state, options, limits, this.metrics);
    const auth = new Auth(options.credentials, `auscult_${port}`, limits);
    const context = { options, limits, auth, hub: this.hub, state };
    const gateway = new Gateway(context, guard, files, this.metrics);
    server.on('request', (request, response) => void gateway.answer(request, response));
    server.on('upgrade', (request, socket, head) => {
      if (wantsWebSocket(request)) gateway.upgrade(request, socket, head);
      else server.emit('connection', declineUpgrade(request, socket, head));
    });
    if (options.port !== 0 && port !== options.port) {
      options.log?.('warn', `http.port: ${options.port} is taken, using ${port}`);
    }
    if (!files.built) options.log?.('warn', 'dashboard: the page is not built (npm run build), only the API is served');
  }

  get url(): string {
    const { host } = this.options;
    const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${this.port}/`;
  }

  verdict(verdict: Verdict): void {
    this.metrics.verdict(verdict);
    this.hub.verdict(verdict);
  }

  event(event: Event, change: EventChange): void {
    this.metrics.event(event, change);
    this.hub.event(event, change);
  }

  state(machine: string, state: MachineState, atMs: number): void {
    this.metrics.machineState(machine, state);
    this.hub.machineState(machine, state, atMs);
  }

  learning(progress: LearnProgress): void {
    this.hub.learning(progress);
  }

  spectrogram(feed: string, frames: SpectrogramFrames): void {
    this.hub.spectrogram(feed, frames);
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    await this.hub.close();
    this.server.closeAllConnections();
    await closed;
    this.metrics.close();
  }
}
