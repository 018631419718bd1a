import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Event, EventChange, LearnProgress, MachineState, Verdict } from '../../contracts.js';
import { LiveClient } from './live-client.js';
import type { LiveState } from './live-state.js';
import type { Metrics } from './metrics.js';
import type { LiveVerdict, ServerMessage } from './protocol.js';
import { SpectrogramHistory } from './spectrogram-history.js';
import type { HttpLimits, HttpSinkOptions, SpectrogramFrames } from './types.js';

/** Length of spectrogram that a page sees at once. */
const HISTORY_MS = 20_000;
const OPEN_EVENTS = 200;

/** The connected pages: tells each what changed, and the spectrogram only to those who watch it. */
export class LiveHub {
  private readonly clients = new Set<LiveClient>();
  private readonly pending = new Map<string, LiveVerdict>();
  private readonly histories = new Map<string, SpectrogramHistory>();
  private readonly sockets: WebSocketServer;
  private readonly timers: readonly NodeJS.Timeout[];

  constructor(
    private readonly state: LiveState,
    private readonly source: Pick<HttpSinkOptions, 'site' | 'version' | 'data' | 'log'>,
    private readonly limits: HttpLimits,
    private readonly metrics: Metrics,
  ) {
    const { messageBytes: maxPayload } = limits;
    this.sockets = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload });
    this.timers = [
      setInterval(() => this.flushVerdicts(), limits.verdictIntervalMs),
      setInterval(() => this.provePresence(), limits.pingIntervalMs),
      setInterval(() => this.each((client) => client.refillMessages()), 1_000),
    ];
    for (const timer of this.timers) timer.unref();
  }

  get full(): boolean {
    return this.clients.size >= this.limits.liveClients;
  }

  /** Takes over the socket of an upgrade request that has been let in. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, session: string | null): void {
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const client = new LiveClient(webSocket, session, this.limits, {
        watch: (watcher) => this.sendHistory(watcher),
        closed: (gone) => this.forget(gone),
        dropped: () => this.metrics.droppedFrames.inc(),
      });
      this.clients.add(client);
      this.metrics.clients.set(this.clients.size);
      client.send(this.hello());
    });
  }

  verdict(verdict: Verdict): void {
    this.pending.set(verdict.feed, this.state.setVerdict(verdict));
  }

  machineState(machine: string, state: MachineState, atMs: number): void {
    this.state.setState(machine, state, atMs);
    this.broadcast({ type: 'state', machine, state, atMs });
  }

  event(event: Event, change: EventChange): void {
    this.broadcast({ type: 'event', change, event });
  }

  learning(progress: LearnProgress): void {
    this.state.setLearning(progress);
    this.broadcast({ type: 'learning', progress });
  }

  spectrogram(feed: string, frames: SpectrogramFrames): void {
    if (frames.frames === 0 || frames.bands === 0) return;
    const bytes = this.historyOf(feed)?.add(frames);
    if (bytes) this.each((client) => client.watching === feed && client.sendSpectrogram(bytes));
  }

  /** Ends every connection that a login opened. */
  endSession(session: string): void {
    this.each((client) => client.session === session && client.close(4401, 'logged out'));
  }

  /** Says good-bye, and hangs up on whoever does not answer. */
  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.each((client) => client.close(1001, 'going away'));
    const patience = AbortSignal.timeout(500);
    while (this.clients.size > 0 && !patience.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
    this.each((client) => client.terminate());
  }

  /** Pages do not see pings: what they see tells them that the service has not hung and the network is there. */
  private provePresence(): void {
    this.each((client) => client.ping());
    this.broadcast({ type: 'alive', nowMs: Date.now() });
  }

  private hello(): ServerMessage {
    const { site, version } = this.source;
    const machines = this.state.snapshot();
    const { pingIntervalMs: aliveMs } = this.limits;
    return { type: 'hello', site, version, nowMs: Date.now(), aliveMs, machines, openEvents: this.openEvents() };
  }

  /** A store in trouble must not keep the live picture away. */
  private openEvents(): readonly Event[] {
    try {
      return this.source.data.events({ open: true, limit: OPEN_EVENTS });
    } catch (error) {
      this.source.log?.('warn', `dashboard: open events: ${String(error)}`);
      return [];
    }
  }

  private historyOf(feed: string): SpectrogramHistory | null {
    const known = this.histories.get(feed);
    if (known) return known;
    const index = this.state.feedIndex(feed);
    const mel = this.state.feedInfo(feed)?.mel;
    if (index === null || !mel) return null;
    const history = new SpectrogramHistory(index, Math.ceil((HISTORY_MS / 1000) * (mel.sampleRateHz / mel.hopSamples)));
    this.histories.set(feed, history);
    return history;
  }

  private sendHistory(client: LiveClient): void {
    const history = client.watching === null ? undefined : this.histories.get(client.watching);
    for (const bytes of history?.messages() ?? []) client.sendSpectrogram(bytes);
  }

  private flushVerdicts(): void {
    if (this.pending.size === 0) return;
    this.broadcast({ type: 'verdicts', verdicts: [...this.pending.values()] });
    this.pending.clear();
  }

  private broadcast(message: ServerMessage): void {
    if (this.clients.size === 0) return;
    const text = JSON.stringify(message);
    this.each((client) => client.send(text));
  }

  private each(action: (client: LiveClient) => unknown): void {
    for (const client of [...this.clients]) action(client);
  }

  private forget(client: LiveClient): void {
    this.clients.delete(client);
    this.metrics.clients.set(this.clients.size);
  }
}
