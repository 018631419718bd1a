import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowObservation, Source, Trouble, TroubleCode } from '../../contracts.js';
import { BackOff, type BackOffOptions } from '../back-off.js';
import type { Cells } from '../tables/cells.js';
import { RowClock } from '../tables/row-clock.js';
import { troubleOf } from '../tables/table-source.js';
import { type BrokerAddress, brokerAddress } from './broker-address.js';
import { MqttConnection, type TlsOptions } from './connection.js';
import { explainFailure } from './failure.js';
import { ItemQueue } from './item-queue.js';
import { LineBudget } from './line-budget.js';
import { rowsOf } from './row-message.js';

/** A broker, and how it is spoken to. */
export interface Broker {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: TlsOptions;
  /** 4 is MQTT 3.1.1, the default. */
  readonly protocolVersion?: 4 | 5;
}

export interface TopicSourceOptions {
  readonly feed: string;
  readonly machine: string;
  readonly broker: Broker;
  /** One topic, no wildcards. */
  readonly topic: string;
  /** Columns that a model needs: what is absent is missing; a message with none of them is no row. */
  readonly requiredColumns?: readonly string[];
  /** The column that carries the time; null: none does, a row happens when it arrives; not given: looked for in the first row. */
  readonly timeColumn?: string | null;
  /** Length of the first row, and time between the rows of one message that carry none. Default 1,000. */
  readonly intervalMs?: number;
  /** No row for this long, while there is a connection, is a trouble. Default 60,000. */
  readonly staleMs?: number;
  /** Longest message that is read. Default 1 MiB. */
  readonly maxBytes?: number;
  /** Rows that wait for a slow reader. Default 1,000. */
  readonly queueRows?: number;
  readonly backOff?: BackOffOptions;
}

type Item =
  | { readonly kind: 'row'; readonly cells: Cells; readonly arrivedMs: number; readonly first: boolean }
  | { readonly kind: 'trouble'; readonly code: TroubleCode; readonly message: string; readonly down: boolean };

const GOODBYE_MS = 400;
/** A connection that lasted this long was a good one. */
const STABLE_MS = 10_000;
const KEEPALIVE_S = 30;

/**
 * The rows that are published on one topic: JSON objects, or arrays of them. It never ends by itself: a lost connection is
 * made again after a growing wait, and said; so is silence, what is no row, and what a slow reader has lost.
 */
export class TopicSource implements Source {
  readonly feed: string;
  private readonly address: BrokerAddress;

  /** @throws {ConfigError} when the broker's address cannot be used */
  constructor(private readonly options: TopicSourceOptions) {
    this.feed = options.feed;
    const { url, username, password } = options.broker;
    this.address = brokerAddress(url, username, password);
  }

  stream(signal: AbortSignal): AsyncGenerator<RowObservation | Trouble> {
    return new TopicReading(this.options, this.address).run(signal);
  }
}

class TopicReading {
  private readonly queue: ItemQueue<Item>;
  private readonly clock: RowClock;
  private readonly lines = new LineBudget();
  private readonly name: string;
  private readonly staleMs: number;
  private sequence = 0;
  /** The next row that is delivered, and the next that arrives, follows lost ones. */
  private gap = true;
  private lost = true;
  /** When a row last came, or the connection; null while there is none, and once the silence was said. */
  private heardAt: number | null = null;
  private failure: string | null = null;

  constructor(
    private readonly options: TopicSourceOptions,
    private readonly address: BrokerAddress,
  ) {
    const { topic, timeColumn, intervalMs = 1000, staleMs = 60_000, queueRows = 1000 } = options;
    this.name = `topic ${topic}`;
    this.staleMs = staleMs;
    this.queue = new ItemQueue(queueRows);
    this.clock = new RowClock({ timeColumn, intervalMs, startMs: Date.now(), untimed: 'arrival' });
  }

  async *run(signal: AbortSignal): AsyncGenerator<RowObservation | Trouble> {
    const stop = new AbortController();
    const connecting = this.keepConnected(AbortSignal.any([signal, stop.signal]));
    try {
      while (!signal.aborted) {
        const item = this.queue.next();
        const lost = this.queue.takeLost();
        if (lost > 0) yield* this.overrun(lost);
        if (item?.kind === 'row') yield* this.deliver(item);
        else if (item) yield* this.say(item.code, item.message, item.down);
        else if (!(await this.queue.wait(this.untilStaleMs(), signal))) yield* this.stale();
      }
    } finally {
      stop.abort();
      await connecting;
    }
  }

  // -------------------------------------------------------------- what has arrived

  private *deliver({ cells, arrivedMs, first }: Extract<Item, { kind: 'row' }>): Generator<RowObservation | Trouble> {
    const placed = this.clock.take(cells, arrivedMs);
    this.gap ||= first;
    if (placed.kind !== 'placed') {
      yield* this.say(troubleOf[placed.kind], `${this.name}: ${placed.message}`, false);
      return;
    }
    const { feed, machine } = this.options;
    const { startMs, endMs } = placed;
    const gap = this.gap || placed.gap;
    this.gap = false;
    const sequence = this.sequence++;
    const origin = this.name;
    yield { kind: 'row', feed, machine, sequence, startMs, endMs, origin, gap, cells, row: sequence + 1 };
  }

  private *overrun(lost: number): Generator<Trouble> {
    this.gap = true;
    const what = `${lost} row${lost === 1 ? '' : 's'} lost: they come faster than they are judged`;
    yield* this.say('overrun', `${this.name}: ${what}`, false);
  }

  private untilStaleMs(): number {
    return this.heardAt === null ? this.staleMs : Math.max(0, this.heardAt + this.staleMs - performance.now());
  }

  private *stale(): Generator<Trouble> {
    if (this.heardAt === null || this.untilStaleMs() > 0) return;
    this.heardAt = null;
    yield* this.say('no-data', `${this.name}: no row for ${this.staleMs / 1000} s`, true);
  }

  /** What takes the feed down is always said; of the rest, so many lines a minute. */
  private *say(code: TroubleCode, what: string, down: boolean): Generator<Trouble> {
    const unsaid = down ? 0 : this.lines.take(performance.now());
    if (unsaid === null) return;
    const { feed, machine } = this.options;
    const message = unsaid === 0 ? what : `${what} (and ${unsaid} more that were not said)`;
    yield { kind: 'trouble', feed, machine, code, atMs: Date.now(), message, down };
  }

  // -------------------------------------------------------------- what arrives

  private readonly receive = (_topic: string, payload: Buffer, retained: boolean): void => {
    if (retained) return;
    const { maxBytes = 1 << 20, requiredColumns = [], intervalMs = 1000 } = this.options;
    if (payload.length > maxBytes) {
      this.bad(`expected at most ${maxBytes} bytes, found ${payload.length}`);
      return;
    }
    const { rows, problems } = rowsOf(payload, requiredColumns);
    for (const problem of problems) this.bad(problem);
    const now = Date.now();
    for (const [i, cells] of rows.entries()) {
      const arrivedMs = now - (rows.length - 1 - i) * intervalMs;
      this.queue.push({ kind: 'row', cells, arrivedMs, first: this.lost });
      this.lost = false;
    }
    if (rows.length > 0) this.heardAt = performance.now();
  };

  private bad(what: string): void {
    this.queue.push({ kind: 'trouble', code: 'bad-row', message: `${this.name}: ${what}`, down: false });
  }

  // -------------------------------------------------------------- connections, one after the other

  private async keepConnected(signal: AbortSignal): Promise<void> {
    const backOff = new BackOff(this.options.backOff);
    while (!signal.aborted) {
      const startedAt = performance.now();
      try {
        await this.connected(signal);
      } catch (error) {
        if (!signal.aborted) this.failed(error);
      }
      this.heardAt = null;
      this.lost = true;
      if (performance.now() - startedAt > STABLE_MS) backOff.reset();
      await sleep(backOff.next(), undefined, { signal }).catch(() => {});
    }
  }

  /** One connection, to its end. */
  private async connected(signal: AbortSignal): Promise<void> {
    const { topic, broker } = this.options;
    const { tls = {}, protocolVersion = 4 } = broker;
    const how = { address: this.address, clientId: this.clientId(), protocolVersion, keepaliveS: KEEPALIVE_S, tls };
    const connection = await MqttConnection.open({ ...how, onMessage: this.receive }, signal);
    try {
      await connection.subscribe([topic]);
      this.failure = null;
      this.heardAt = performance.now();
      await aborted(AbortSignal.any([signal, connection.gone]));
      if (signal.aborted) await connection.end(GOODBYE_MS);
      else throw connection.gone.reason;
    } finally {
      connection.drop();
    }
  }

  /** The same failure is told once, however often it happens until there is a connection again. */
  private failed(error: unknown): void {
    const line = error instanceof Error ? error.message : String(error);
    const why = line.startsWith('MQTT broker') ? line : explainFailure(this.address, error);
    if (why === this.failure) return;
    this.failure = why;
    const message = `${this.name}: ${why}; trying again until it works`;
    this.queue.push({ kind: 'trouble', code: 'no-data', message, down: true });
  }

  /** The same after a restart, so that the broker ends the old connection; within the 23 characters that every broker takes. */
  private clientId(): string {
    const { feed, topic } = this.options;
    const digest = createHash('sha256')
      .update(JSON.stringify([hostname(), feed, topic]))
      .digest('hex');
    return `auscult-${digest.slice(0, 12)}`;
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
