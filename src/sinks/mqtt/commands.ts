import { z } from 'zod';
import { problemsIn } from '../../config/errors.js';
import { AuscultError, type Command, type CommandHandler, ConfigError, LEARN_MINUTES } from '../../contracts.js';
import { type MqttMessage, PAYLOAD_VERSION } from './messages.js';
import type { Topics } from './topics.js';

/** A command is a few words: longer ones are refused unread. */
export const COMMAND_BYTES = 16 * 1024;
const WAITING_LIMIT = 32;

const EVENT_ID = z.string().min(1).max(64);
const NAME = z.string().min(1).max(200);
const COMMON = {
  /** Comes back in the answer. */
  id: z.string().max(64).optional(),
  machine: z.string().optional(),
};
const PAYLOAD = z.discriminatedUnion('command', [
  z.strictObject({ ...COMMON, command: z.literal('acknowledge'), eventId: EVENT_ID.nullable().default(null) }),
  z.strictObject({
    ...COMMON,
    command: z.literal('label'),
    eventId: EVENT_ID,
    label: z.enum(['true-alarm', 'false-alarm', 'unsure']),
    note: z.string().max(1_000).nullable().default(null),
  }),
  z.strictObject({
    ...COMMON,
    command: z.literal('learn'),
    feed: NAME.optional(),
    minutes: z.number().min(LEARN_MINUTES.least).max(LEARN_MINUTES.most).default(10),
    preset: NAME.optional(),
  }),
  z.strictObject({ ...COMMON, command: z.literal('roll-back'), feed: NAME.optional() }),
  z.strictObject({ ...COMMON, command: z.literal('mute'), minutes: z.number().min(0).max(10_080).default(60) }),
  z.strictObject({ ...COMMON, command: z.literal('test-alert') }),
]);
const NAMES = PAYLOAD.options.map(({ shape }) => shape.command.value);

/** What an answer repeats, so that the sender knows which command it is for; of refused commands, too. */
const REPEATED = z
  .object({ id: COMMON.id.unwrap().nullable().catch(null), command: z.enum(NAMES).nullable().catch(null) })
  .catch({ id: null, command: null });

export interface CommandServiceOptions {
  readonly topics: Topics;
  readonly machines: readonly string[];
  readonly handler: CommandHandler;
  /** Publishes an answer; must not throw. */
  readonly answer: (message: MqttMessage) => void;
  /** Defects of the handler, one line each. */
  readonly onWarning: (line: string) => void;
}

/** Reads commands, has them carried out one after the other, and answers each on `…/command/result`. */
export class CommandService {
  readonly #options: CommandServiceOptions;
  readonly #machineOf: Map<string, string>;
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(options: CommandServiceOptions) {
    this.#options = options;
    this.#machineOf = new Map(options.machines.map((machine) => [options.topics.command(machine), machine]));
  }

  /** True when this topic is one of commands. */
  accepts(topic: string): boolean {
    const { siteCommand, machineCommands } = this.#options.topics;
    if (topic === siteCommand) return true;
    const [before = '', after = ''] = machineCommands.split('+');
    return (
      topic.startsWith(before) && topic.endsWith(after) && !topic.slice(before.length, -after.length).includes('/')
    );
  }

  receive(topic: string, payload: Buffer): void {
    if (this.#waiting >= WAITING_LIMIT) {
      this.#answer(topic, {
        ok: false,
        message: `expected at most ${WAITING_LIMIT} commands at a time, this one was left out`,
      });
      return;
    }
    this.#waiting += 1;
    this.#queue = this.#queue.then(async () => {
      await this.#serve(topic, payload);
      this.#waiting -= 1;
    });
  }

  /** Resolves when everything received so far is answered. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  async #serve(topic: string, payload: Buffer): Promise<void> {
    let repeated: z.infer<typeof REPEATED> = { id: null, command: null };
    try {
      const value = parseJson(payload);
      repeated = REPEATED.parse(value);
      const request = parseRequest(value);
      for (const machine of this.#addressees(topic, request)) {
        this.#answer(topic, { ...repeated, machine, ...(await this.#carryOut(toCommand(request, machine))) });
      }
    } catch (error) {
      this.#answer(topic, { ...repeated, ok: false, message: this.#explain(error) });
    }
  }

  /** What one machine refuses, the next may do. */
  async #carryOut(command: Command): Promise<{ ok: boolean; message: string }> {
    try {
      return { ok: true, message: await this.#options.handler(command) };
    } catch (error) {
      return { ok: false, message: this.#explain(error) };
    }
  }

  /** What the sender may know; a defect of ours is for the log. */
  #explain(error: unknown): string {
    const line = (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ');
    if (error instanceof AuscultError) return line;
    this.#options.onWarning(`command failed: ${line}`);
    return 'the command failed for a reason that is in the log';
  }

  #addressees(topic: string, { command, machine }: z.infer<typeof PAYLOAD>): readonly string[] {
    const { machines, topics } = this.#options;
    const known = `expected one of ${machines.map((name) => `"${name}"`).join(', ')}`;
    if (topic !== topics.siteCommand) {
      const own = this.#machineOf.get(topic);
      if (own === undefined) throw new ConfigError(`machine of topic ${topic}: ${known}`);
      if (machine !== undefined && machine !== own)
        throw new ConfigError(`machine: the topic says "${own}", the command "${machine}"`);
      return [own];
    }
    if (machine !== undefined) {
      if (!machines.includes(machine)) throw new ConfigError(`machine: ${known}, found "${machine}"`);
      return [machine];
    }
    if (command === 'label') throw new ConfigError(`machine: a label needs one, ${known}, found none`);
    return machines;
  }

  #answer(
    topic: string,
    answer: { id?: string | null; command?: string | null; machine?: string; ok: boolean; message: string },
  ): void {
    const { id = null, command = null, machine = this.#machineOf.get(topic) ?? null, ok, message } = answer;
    const payload = { version: PAYLOAD_VERSION, id, command, machine, ok, message: message.slice(0, 1_000) };
    this.#options.answer({ topic: `${topic}/result`, payload: JSON.stringify(payload), qos: 1, retain: false });
  }
}

function parseJson(payload: Buffer): unknown {
  if (payload.length > COMMAND_BYTES) {
    throw new ConfigError(`command: expected at most ${COMMAND_BYTES} bytes, found ${payload.length}`);
  }
  const text = payload.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw new ConfigError(`command: expected JSON such as {"command":"acknowledge"}, found "${text.slice(0, 40)}"`);
  }
}

function parseRequest(value: unknown): z.infer<typeof PAYLOAD> {
  const parsed = PAYLOAD.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsIn(value, PAYLOAD, parsed.error.issues);
  throw new ConfigError(problems.map(({ message }) => message).join('; '));
}

function toCommand({ id: _id, ...command }: z.infer<typeof PAYLOAD>, machine: string): Command {
  return { ...command, machine };
}
