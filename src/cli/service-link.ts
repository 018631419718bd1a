/** Speaks to the service that runs with a configuration: over its page's API, or over MQTT where the page is switched off. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, readTls } from '../config/load.js';
import { type Command, ConfigError, type LearnProgress, SourceError } from '../contracts.js';
import type { LiveMachine } from '../sinks/http/protocol.js';
import { mqttTopics } from '../sinks/mqtt/topics.js';
import { brokerAddress } from '../sources/mqtt/broker-address.js';
import { MqttConnection } from '../sources/mqtt/connection.js';
import { readServiceAddress } from '../store/service-file.js';

export interface ServiceLink {
  /** Resolves with the service's line. @throws {SourceError} with the service's own words when it refuses */
  send(command: Command): Promise<string>;
  /** The newest progress of a feed that was told since the link was opened; null before any. */
  progress(feed: string): Promise<LearnProgress | null>;
  close(): Promise<void>;
}

const answerMs = 20_000;

/** @throws {SourceError} when the service cannot be reached */
export async function openServiceLink(config: Config, signal: AbortSignal): Promise<ServiceLink> {
  const address = readServiceAddress(config.dataDir);
  if (!address)
    throw new SourceError(
      `${config.dataDir}: another Auscult uses this folder, but it has not said where it can be reached; is it starting, or learning?`,
    );
  if (address.page) return new PageLink(address.page, config, signal);
  if (address.broker) return BrokerLink.open(address.broker, config, signal);
  throw new ConfigError(
    'the service runs with http.enabled and mqtt.enabled false: expected one of them, to speak to it',
  );
}

class PageLink implements ServiceLink {
  readonly #headers: Record<string, string>;
  readonly #sinceMs = Date.now();

  constructor(
    private readonly url: string,
    { http }: Config,
    private readonly signal: AbortSignal,
  ) {
    const login = http.username && http.password ? `${http.username}:${http.password}` : null;
    this.#headers = login ? { authorization: `Basic ${Buffer.from(login).toString('base64')}` } : {};
  }

  async send(command: Command): Promise<string> {
    const body = JSON.stringify(command);
    const { message } = (await this.#call('api/commands', { method: 'POST', body })) as { message: string };
    return message;
  }

  async progress(feed: string): Promise<LearnProgress | null> {
    const { machines } = (await this.#call('api/machines', {})) as { machines: readonly LiveMachine[] };
    const found = machines.flatMap(({ feeds }) => feeds).find((one) => one.feed === feed)?.learning ?? null;
    return found && found.atMs >= this.#sinceMs ? found : null;
  }

  async close(): Promise<void> {}

  async #call(path: string, request: RequestInit): Promise<unknown> {
    const headers = { ...this.#headers, 'content-type': 'application/json' };
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(answerMs)]);
    const response = await fetch(new URL(path, this.url), { ...request, headers, signal }).catch((cause: Error) => {
      this.signal.throwIfAborted();
      throw new SourceError(`service at ${this.url}: expected an answer, found none (${cause.message})`, { cause });
    });
    const answer = (await response.json().catch(() => null)) as { error?: string } | null;
    if (response.ok) return answer;
    throw new SourceError(
      answer?.error ?? `service at ${this.url}: expected an answer, found status ${response.status}`,
    );
  }
}

interface Answer {
  readonly id: string | null;
  readonly ok: boolean;
  readonly message: string;
}

class BrokerLink implements ServiceLink {
  readonly #answers = new Map<string, Answer>();
  readonly #progress = new Map<string, LearnProgress>();
  #connection: MqttConnection | null = null;

  private constructor(
    private readonly url: string,
    private readonly config: Config,
    private readonly signal: AbortSignal,
  ) {}

  static async open(url: string, config: Config, signal: AbortSignal): Promise<BrokerLink> {
    const link = new BrokerLink(url, config, signal);
    const { username, password } = config.mqtt;
    link.#connection = await MqttConnection.open(
      {
        address: brokerAddress(url, username, password),
        clientId: `auscult-cli-${process.pid}`,
        protocolVersion: config.mqtt.url ? config.mqtt.protocolVersion : 4,
        keepaliveS: 30,
        tls: readTls(config),
        onMessage: (topic, payload) => link.#receive(topic, payload),
      },
      signal,
    );
    const topics = mqttTopics({ base: config.mqtt.base, site: config.site });
    const machines = [...new Set(config.feeds.map(({ machine }) => machine))];
    await link.#connection.subscribe(
      machines.flatMap((machine) => [`${topics.command(machine)}/result`, topics.learning(machine)]),
    );
    return link;
  }

  async send(command: Command): Promise<string> {
    const id = randomUUID();
    const topic = mqttTopics({ base: this.config.mqtt.base, site: this.config.site }).command(command.machine);
    await this.#connection?.publish({ topic, payload: JSON.stringify({ ...command, id }), qos: 1, retain: false });
    for (const end = Date.now() + answerMs; Date.now() < end; ) {
      const answer = this.#answers.get(id);
      if (answer && !answer.ok) throw new SourceError(answer.message);
      if (answer) return answer.message;
      await sleep(50, undefined, { signal: this.signal });
    }
    throw new SourceError(`service at ${this.url}: expected an answer within ${answerMs / 1000} s, found none`);
  }

  async progress(feed: string): Promise<LearnProgress | null> {
    this.#connection?.gone.throwIfAborted();
    return this.#progress.get(feed) ?? null;
  }

  async close(): Promise<void> {
    await this.#connection?.end(500).catch(() => {});
  }

  #receive(topic: string, payload: Buffer): void {
    const said = JSON.parse(payload.toString()) as Answer & LearnProgress & { at: string };
    if (topic.endsWith('/learning')) this.#progress.set(said.feed, { ...said, atMs: Date.parse(said.at) });
    else if (said.id) this.#answers.set(said.id, said);
  }
}
