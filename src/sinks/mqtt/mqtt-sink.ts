import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CommandHandler,
  InternalError,
  type LearnProgress,
  type MachineState,
  type Sink,
  type Verdict,
} from '../../contracts.js';
import { BackOff } from '../../sources/back-off.js';
import { type BrokerAddress, brokerAddress } from '../../sources/mqtt/broker-address.js';
import { MqttConnection, Refusal, type TlsOptions } from '../../sources/mqtt/connection.js';
import type { Outbox } from '../../store/index.js';
import { Bell } from './bell.js';
import { CommandService } from './commands.js';
import { deliver } from './delivery.js';
import { Greeting, type GreetingOptions } from './greeting.js';
import { birthTopic } from './home-assistant.js';
import { learningMessage, type MqttMessage, scoreMessage, stateMessage, statusMessage } from './messages.js';
import { ScoreGate } from './score-gate.js';
import { checkTopicLength, type Topics } from './topics.js';

/** Of `close`: for the rest of the outbox, for each goodbye. */
const LAST_DELIVERY_MS = 500;
const GOODBYE_MS = 400;
/** A connection that lasted this long was a good one: the next attempt need not wait long. */
const STABLE_MS = 10_000;
/** So many in a row that were none look like two clients that take each other's place. */
const BRIEF = 3;

export interface MqttSinkOptions extends GreetingOptions {
  /** mqtt://host:1883, mqtts://host:8883, ws://, wss://; may carry user and password. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: TlsOptions;
  /** 4 is MQTT 3.1.1, the default. */
  readonly protocolVersion?: 4 | 5;
  /** Default: made from host, base and site, so that a restart takes over its old connection. */
  readonly clientId?: string;
  /** Default 30 s. */
  readonly keepaliveS?: number;
  /** Wait between attempts, doubling. Default 1 s to 60 s. */
  readonly retry?: { readonly minMs: number; readonly maxMs: number };
  readonly outbox: Outbox;
  /** null: commands are not listened for. */
  readonly commands: CommandHandler | null;
}

export interface MqttHealth {
  /** True while the broker has us as online. */
  readonly connected: boolean;
  /** Without credentials. */
  readonly broker: string;
  /** Why there is no connection, in one line. */
  readonly failure: string | null;
  /** What the broker does not let us hear or tell beside states and alerts, in one line. */
  readonly refused: string | null;
  readonly connections: number;
  readonly delivered: number;
  readonly scoresDropped: number;
}

/**
 * Publishes to one broker, for as long as it takes. Events come from the outbox, where they were written together with the event
 * (see `eventMessage`); states and scores are told here. Starts at once; the owner calls `close`.
 * @throws {ConfigError} for an address or a name that cannot be used
 */
export class MqttSink implements Sink {
  readonly name = 'mqtt';
  readonly #options: MqttSinkOptions;
  readonly #address: BrokerAddress;
  readonly #states = new Map<string, MqttMessage>();
  readonly #greeting: Greeting;
  readonly #gate = new ScoreGate();
  readonly #bell = new Bell();
  readonly #backOff: BackOff;
  readonly #commands: CommandService | null;
  /** Aborted by `close`: no new attempts; what is under way is finished. */
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #connection: MqttConnection | null = null;
  /** True while the broker knows that we are online. */
  #greeted = false;
  #failure: string | null = null;
  #connections = 0;
  /** Connections in a row that were lost soon. */
  #brief = 0;
  #delivered = 0;
  #scoresDropped = 0;

  constructor(options: MqttSinkOptions) {
    const { topics, machines, commands: handler, log } = options;
    this.#options = options;
    this.#address = brokerAddress(options.url, options.username, options.password);
    this.#backOff = new BackOff(options.retry ?? { minMs: 1_000, maxMs: 60_000 });
    for (const machine of machines) {
      checkTopicLength(topics, machine);
      this.#states.set(machine, stateMessage(topics, machine, 'unknown', Date.now()));
    }
    const answer = (message: MqttMessage) => this.#publishSoon(message);
    this.#commands =
      handler &&
      new CommandService({ topics, machines, handler, answer, onWarning: (line) => log.warn(`MQTT ${line}`) });
    const commandTopics = this.#commands ? [topics.siteCommand, topics.machineCommands] : [];
    this.#greeting = new Greeting(options, this.#address.url, commandTopics);
    this.#running = this.#run();
  }

  // -------------------------------------------------------------- what there is to tell

  /** The event's message is in the outbox already: looks there at once. */
  event(): void {
    this.#bell.ring();
  }

  state(machine: string, state: MachineState, atMs: number): void {
    const message = stateMessage(this.#options.topics, machine, state, atMs);
    this.#states.set(machine, message);
    this.#publishSoon(message);
  }

  /** At most one a second for each feed; dropped while there is no connection. */
  verdict(verdict: Verdict): void {
    if (!this.#gate.admits(`${verdict.machine}\n${verdict.feed}`, performance.now())) return;
    if (this.#connection) this.#publishSoon(scoreMessage(this.#options.topics, verdict));
    else this.#scoresDropped += 1;
  }

  learning(progress: LearnProgress): void {
    this.#publishSoon(learningMessage(this.#options.topics, progress));
  }

  /** For what need not survive the connection: states are told again at the next one, scores and answers are not. */
  #publishSoon(message: MqttMessage): void {
    this.#connection?.publish(message).catch(() => undefined);
  }

  health(): MqttHealth {
    return {
      connected: this.#greeted,
      broker: this.#address.url,
      failure: this.#failure,
      refused: this.#greeting.refused,
      connections: this.#connections,
      delivered: this.#delivered,
      scoresDropped: this.#scoresDropped,
    };
  }

  // -------------------------------------------------------------- connections, one after the other

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#serve();
      } catch (error) {
        if (!signal.aborted) this.#fail(error);
      }
      await sleep(this.#backOff.next(), undefined, { signal }).catch(() => undefined);
    }
  }

  /** The same failure is told once, however often it happens until there is a connection again. */
  #fail(error: unknown): void {
    const line = error instanceof Error ? error.message : String(error);
    const isTwin = this.#brief >= BRIEF && !(error instanceof Refusal);
    const twin = isTwin ? ` again and again: is client id ${this.#clientId} another's, too?` : '';
    const failure = line.startsWith('MQTT broker') ? line : `MQTT broker ${this.#address.url}: ${line}${twin}`;
    if (failure !== this.#failure) this.#options.log.warn(`${failure}; trying again until it works`);
    this.#failure = failure;
  }

  /** One connection from its greeting to its end. */
  async #serve(): Promise<void> {
    const connection = await this.#open();
    const sinceMs = performance.now();
    this.#connection = connection;
    try {
      await this.#greeting.greet(connection, this.#states.values(), this.#status('online'));
      this.#connected();
      await deliver(
        {
          outbox: this.#options.outbox,
          bell: this.#bell,
          publish: (message) => connection.publish(message),
          onDelivered: () => this.#onDelivered(),
        },
        AbortSignal.any([this.#stop.signal, connection.gone]),
      );
      connection.gone.throwIfAborted();
      await this.#sayGoodbye(connection);
    } finally {
      this.#greeted = false;
      this.#connection = null;
      connection.drop();
      const stable = performance.now() - sinceMs > STABLE_MS;
      if (stable) this.#backOff.reset();
      this.#brief = stable ? 0 : this.#brief + 1;
    }
  }

  get #clientId(): string {
    return this.#options.clientId ?? defaultClientId(this.#options.topics);
  }

  async #open(): Promise<MqttConnection> {
    const { topics, version, protocolVersion = 4, keepaliveS = 30, tls = {} } = this.#options;
    const brief = this.#brief;
    this.#brief = 0; // unless there is a connection, which may be brief again
    const connection = await MqttConnection.open(
      {
        address: this.#address,
        clientId: this.#clientId,
        protocolVersion,
        keepaliveS,
        tls,
        will: statusMessage(topics, 'offline', version),
        onMessage: (topic, payload, retained) => this.#receive(topic, payload, retained),
      },
      this.#stop.signal,
    );
    this.#brief = brief;
    return connection;
  }

  #status(status: 'online' | 'offline'): MqttMessage {
    return statusMessage(this.#options.topics, status, this.#options.version);
  }

  #connected(): void {
    this.#greeted = true;
    this.#connections += 1;
    this.#failure = null;
    this.#options.log.info(`MQTT broker ${this.#address.url}: connected`);
  }

  #onDelivered(): void {
    this.#delivered += 1;
  }

  #receive(topic: string, payload: Buffer, retained: boolean): void {
    const { topics, homeAssistantPrefix: prefix } = this.#options;
    for (const watched of this.#options.watched ?? [])
      if (watched.topic === topic) watched.onMessage(payload.toString());
    if (retained) return; // an old command, or news from before this connection
    if (topic === topics.status) this.#contradict(payload);
    else if (prefix !== null && topic === birthTopic(prefix)) {
      if (payload.toString() === 'online') for (const message of this.#greeting.discovery()) this.#publishSoon(message);
    } else if (this.#commands?.accepts(topic)) this.#commands.receive(topic, payload);
  }

  /** The will of an old connection of ours may come late: we are here. Another's `online` may stand, or two would never end. */
  #contradict(payload: Buffer): void {
    if (this.#connection && !this.#stop.signal.aborted && !saysOnline(payload))
      this.#publishSoon(this.#status('online'));
  }

  // -------------------------------------------------------------- the end

  async #sayGoodbye(connection: MqttConnection): Promise<void> {
    await Promise.race([this.#commands?.settled(), sleep(GOODBYE_MS)]);
    await connection.publish(this.#status('offline'), GOODBYE_MS);
    await connection.end(GOODBYE_MS);
  }

  /** Delivers what is left if that is quick, publishes `offline` and ends, within 2 s. What was not delivered stays in the outbox. */
  async close(): Promise<void> {
    this.#stop.abort(new InternalError('closed'));
    this.#bell.ring();
    const connection = this.#connection;
    const limit = sleep(LAST_DELIVERY_MS + GOODBYE_MS, 'late' as const, { ref: false });
    if ((await Promise.race([this.#running, limit])) === 'late' && connection) {
      await connection.publish(this.#status('offline'), GOODBYE_MS).catch(() => undefined);
      connection.drop();
    }
    await this.#running;
  }
}

function saysOnline(payload: Buffer): boolean {
  try {
    return (JSON.parse(payload.toString()) as { status?: unknown } | null)?.status === 'online';
  } catch {
    return false;
  }
}

/** Within the 23 characters that every broker takes. */
function defaultClientId({ base, site }: Topics): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([hostname(), base, site]))
    .digest('hex');
  return `auscult-${digest.slice(0, 12)}`;
}
