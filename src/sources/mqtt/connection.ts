import { setMaxListeners } from 'node:events';
import {
  connect,
  ErrorWithReasonCode,
  ErrorWithSubackPacket,
  type IClientOptions,
  type IPublishPacket,
  type MqttClient,
} from 'mqtt';
import { SourceError } from '../../contracts.js';
import type { BrokerAddress } from './broker-address.js';
import { explainFailure } from './failure.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** A broker that takes longer to confirm a message has forgotten us. */
const CONFIRM_TIMEOUT_MS = 15_000;

export interface MqttMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

export interface TlsOptions {
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string | Buffer;
  /** PEM of our certificate and its key, where the broker asks for one. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** false trusts any broker: for trials only. Default true. */
  readonly rejectUnauthorized?: boolean;
}

/** The broker's own no to one message or one filter; the connection goes on. */
export class Refusal extends SourceError {}

export interface ConnectionOptions {
  readonly address: BrokerAddress;
  readonly clientId: string;
  /** 4 is MQTT 3.1.1. */
  readonly protocolVersion: 4 | 5;
  readonly keepaliveS: number;
  readonly tls: TlsOptions;
  /** What the broker publishes when the connection is lost. */
  readonly will?: MqttMessage;
  readonly onMessage: (topic: string, payload: Buffer, retained: boolean) => void;
}

/**
 * One connection, from CONNACK to its end; it is never mended: whoever needs another opens another. So there is no client that
 * could stop reconnecting.
 */
export class MqttConnection {
  readonly #client: MqttClient;
  readonly #gone = new AbortController();

  private constructor(client: MqttClient) {
    this.#client = client;
    setMaxListeners(0, this.#gone.signal); // each message under way is one
    client.on('error', (error) => this.#gone.abort(error));
    client.on('close', () => this.#gone.abort(new SourceError('connection lost')));
    client.on('disconnect', ({ reasonCode }) =>
      this.#gone.abort(new SourceError(`broker ended the connection, reason ${reasonCode}`)),
    );
  }

  /** @throws {SourceError} one line saying what the broker or the network did; the signal ends the attempt */
  static async open(options: ConnectionOptions, signal: AbortSignal): Promise<MqttConnection> {
    const client = connect(options.address.url, clientOptions(options));
    client.on('message', (topic: string, payload: Buffer, packet: IPublishPacket) => {
      options.onMessage(topic, payload, packet.retain);
    });
    const connection = new MqttConnection(client);
    const stop = () => connection.#gone.abort(new SourceError('stopped'));
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      await connection.#untilGone(new Promise<void>((resolve) => client.once('connect', () => resolve())));
      return connection;
    } catch (error) {
      connection.drop();
      throw new SourceError(explainFailure(options.address, error), { cause: error });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Aborts when the connection has ended, with the reason. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * Resolves when the broker has confirmed (QoS 1, 2) or the message is on its way (QoS 0).
   * @throws {Refusal} when the broker says no to it, which only MQTT 5 can  @throws {SourceError}
   */
  async publish({ topic, payload, qos, retain }: MqttMessage, timeoutMs = CONFIRM_TIMEOUT_MS): Promise<void> {
    const refused = refusal(`the message on ${topic}`);
    await this.#untilGone(this.#client.publishAsync(topic, payload, { qos, retain }).catch(refused), timeoutMs);
  }

  /** @throws {Refusal} when the broker refuses one of the filters  @throws {SourceError} */
  async subscribe(filters: readonly string[]): Promise<void> {
    for (const filter of filters) {
      const refused = refusal(`the subscription to ${filter}`);
      await this.#untilGone(this.#client.subscribeAsync(filter, { qos: 1 }).catch(refused), CONFIRM_TIMEOUT_MS);
    }
  }

  /** Says goodbye so that the broker does not publish the will. */
  async end(timeoutMs: number): Promise<void> {
    await this.#untilGone(this.#client.endAsync(), timeoutMs).catch(() => undefined);
    this.drop();
  }

  /** Ends at once; the broker publishes the will. */
  drop(): void {
    this.#gone.abort(new SourceError('connection dropped'));
    this.#client.end(true);
  }

  async #untilGone<T>(work: Promise<T>, timeoutMs?: number): Promise<T> {
    const { signal } = this.#gone;
    let timer: NodeJS.Timeout | undefined;
    let leave = () => {};
    const end = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
      if (signal.aborted) leave();
      if (timeoutMs !== undefined) {
        timer = setTimeout(
          () => reject(new SourceError(`broker: expected a confirmation within ${timeoutMs} ms, none came`)),
          timeoutMs,
        );
      }
    });
    try {
      return await Promise.race([work, end]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
    }
  }
}

/** Reason codes from 128 on are the broker's; all other failures are passed on. */
function refusal(what: string): (error: unknown) => never {
  return (error) => {
    const code = reasonOf(error);
    if (code === null || code < 128) throw error;
    throw new Refusal(`broker refused ${what} (${code}): may this user do that?`, { cause: error });
  };
}

function reasonOf(error: unknown): number | null {
  if (error instanceof ErrorWithReasonCode) return error.code;
  const granted = error instanceof ErrorWithSubackPacket && 'granted' in error.packet ? error.packet.granted[0] : null;
  return typeof granted === 'number' ? granted : null;
}

function clientOptions({
  address,
  clientId,
  protocolVersion,
  keepaliveS,
  tls,
  will,
}: ConnectionOptions): IClientOptions {
  return {
    clientId,
    protocolVersion,
    keepalive: keepaliveS,
    clean: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    username: address.username,
    password: address.password,
    ...tls,
    ...(will && { will: { ...will, payload: Buffer.from(will.payload) } }),
  };
}
