import { ConfigError } from '../../contracts.js';

/** Where everything about one site is published. Machine names are escaped, so any name makes one level. */
export interface Topics {
  readonly base: string;
  readonly site: string;
  /** Retained: whether Auscult is there; its last will. */
  readonly status: string;
  /** Commands for any or every machine of the site. */
  readonly siteCommand: string;
  /** Filter of the commands for one machine. */
  readonly machineCommands: string;
  event(machine: string): string;
  /** Retained. */
  state(machine: string): string;
  score(machine: string): string;
  learning(machine: string): string;
  command(machine: string): string;
}

/** MQTT's bound of a topic, in bytes of UTF-8. */
const TOPIC_BYTES = 65_535;

/**
 * One level of a topic for a name: `/`, `+`, `#`, `%` and control characters are written as in a URL ("Pump 1/A" → "Pump 1%2FA").
 * @throws {ConfigError} when the name is empty
 */
export function topicLevel(what: string, name: string): string {
  if (name.trim() === '') throw new ConfigError(`${what}: expected a name for its MQTT topic, found "${name}"`);
  return name.replace(/[/+#%\p{Cc}]/gu, encodeURIComponent);
}

/**
 * @param base first levels, may contain `/`
 * @throws {ConfigError} when base or site cannot be part of a topic
 */
export function mqttTopics({ base, site }: { readonly base: string; readonly site: string }): Topics {
  const levels = base.split('/');
  if (levels.some((level) => level === '' || level !== topicLevel('mqtt base', level)) || base.startsWith('$')) {
    throw new ConfigError(
      `mqtt base: expected levels without "+", "#", "%" or empty ones and no "$" before them, found "${base}"`,
    );
  }
  const root = `${base}/${topicLevel('site', site)}`;
  const topic = (machine: string, leaf: string) => `${root}/${topicLevel('machine', machine)}/${leaf}`;
  return {
    base,
    site,
    status: `${root}/status`,
    siteCommand: `${root}/command`,
    machineCommands: `${root}/+/command`,
    event: (machine) => topic(machine, 'event'),
    state: (machine) => topic(machine, 'state'),
    score: (machine) => topic(machine, 'score'),
    learning: (machine) => topic(machine, 'learning'),
    command: (machine) => topic(machine, 'command'),
  };
}

/** @throws {ConfigError} when a machine's longest topic does not fit MQTT's bound */
export function checkTopicLength(topics: Topics, machine: string): void {
  const bytes = Buffer.byteLength(`${topics.command(machine)}/result`);
  if (bytes > TOPIC_BYTES)
    throw new ConfigError(`machine: expected a topic of at most ${TOPIC_BYTES} bytes, its name makes ${bytes}`);
}
