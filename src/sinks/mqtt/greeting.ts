import { type MqttConnection, Refusal } from '../../sources/mqtt/connection.js';
import { farewellMessages } from './farewell.js';
import { birthTopic, discoveryMessage } from './home-assistant.js';
import type { MqttMessage } from './messages.js';
import type { Topics } from './topics.js';

export interface GreetingOptions {
  readonly topics: Topics;
  /** Machines of this site, by the names that events carry. */
  readonly machines: readonly string[];
  /** What is heard of each. Default: one feed. */
  readonly feedsOf?: (machine: string) => readonly string[];
  /** Machines that the site had before: what is retained of each is taken back once, and then it is told. */
  readonly former?: { readonly machines: readonly string[]; readonly onTakenBack: (machine: string) => void };
  /** Version of Auscult, said in status and discovery. */
  readonly version: string;
  /** Discovery prefix; null for no Home Assistant. */
  readonly homeAssistantPrefix: string | null;
  /** Topics of others that are listened to, retained messages too: whether a machine runs, say. */
  readonly watched?: readonly WatchedTopic[];
  readonly log: { info(line: string): void; warn(line: string): void };
}

export interface WatchedTopic {
  readonly topic: string;
  readonly onMessage: (payload: string) => void;
}

/** What a broker hears first of all on every connection: what we listen to, and what there is of the site. */
export class Greeting {
  readonly #options: GreetingOptions;
  readonly #filters: readonly string[];
  readonly #former: Set<string>;
  #refused: string | null = null;

  /**
   * @param broker its address, for messages
   * @param commandTopics none: commands are not listened for
   */
  constructor(
    options: GreetingOptions,
    private readonly broker: string,
    commandTopics: readonly string[],
  ) {
    const { topics, watched = [], homeAssistantPrefix: prefix, former } = options;
    this.#options = options;
    const birth = prefix === null ? [] : [birthTopic(prefix)];
    this.#filters = [topics.status, ...new Set(watched.map(({ topic }) => topic)), ...commandTopics, ...birth];
    this.#former = new Set(former?.machines);
  }

  /** What the broker does not let us hear or tell beside states and alerts, in one line. */
  get refused(): string | null {
    return this.#refused;
  }

  /**
   * Alerts do not wait for what else a broker may refuse. States before status: a machine's state counts only while the status
   * says online, so an old one must not count again.
   * @throws {SourceError} when the connection ends, or the broker refuses a state or the status
   */
  async greet(connection: MqttConnection, states: Iterable<MqttMessage>, online: MqttMessage): Promise<void> {
    const refused: string[] = [];
    const ask = (asked: Promise<void>) => asked.catch((error) => refused.push(refusalOf(error)));
    for (const filter of this.#filters) await ask(connection.subscribe([filter]));
    for (const machine of this.#former) await ask(this.#takeBack(connection, machine));
    for (const message of this.discovery()) await ask(connection.publish(message));
    this.#note(refused);
    for (const message of states) await connection.publish(message);
    await connection.publish(online);
  }

  /** What Home Assistant is told of every machine. */
  discovery(): MqttMessage[] {
    const { topics, machines, feedsOf, version, homeAssistantPrefix: prefix } = this.#options;
    if (prefix === null) return [];
    return machines.map((machine) => discoveryMessage({ topics, prefix, machine, feeds: feedsOf?.(machine), version }));
  }

  /** The same refusals are told once. */
  #note(refused: readonly string[]): void {
    const line = refused.length > 0 ? refused.join('; ') : null;
    if (line !== null && line !== this.#refused) {
      this.#options.log.warn(`MQTT broker ${this.broker}: ${line}; alerts go on without`);
    }
    this.#refused = line;
  }

  async #takeBack(connection: MqttConnection, machine: string): Promise<void> {
    const { topics, homeAssistantPrefix: prefix, former } = this.#options;
    for (const message of farewellMessages(topics, prefix, machine)) await connection.publish(message);
    this.#former.delete(machine);
    former?.onTakenBack(machine);
  }
}

/** @throws what is no refusal */
function refusalOf(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  throw error;
}
