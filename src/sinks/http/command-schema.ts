import { z } from 'zod';
import { problemsIn } from '../../config/errors.js';
import { type Command, LEARN_MINUTES } from '../../contracts.js';
import { HttpError } from './respond.js';

const machine = z.string().min(1).max(200);
const id = z.string().min(1).max(64);

/** The same bounds as over MQTT: learn for up to a day, mute for up to a week (0 ends it). */
const schema: z.ZodType<Command> = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('acknowledge'), machine, eventId: id.nullable().default(null) }),
  z.strictObject({
    command: z.literal('label'),
    machine,
    eventId: id,
    label: z.enum(['true-alarm', 'false-alarm', 'unsure']),
    note: z.string().max(1_000).nullable().default(null),
  }),
  z.strictObject({
    command: z.literal('learn'),
    machine,
    feed: machine.optional(),
    minutes: z.number().min(LEARN_MINUTES.least).max(LEARN_MINUTES.most),
    preset: machine.optional(),
  }),
  z.strictObject({ command: z.literal('roll-back'), machine, feed: machine.optional() }),
  z.strictObject({ command: z.literal('mute'), machine, minutes: z.number().min(0).max(10_080) }),
  z.strictObject({ command: z.literal('test-alert'), machine }),
]);

/** @throws {HttpError} 400 naming each wrong key */
export function parseCommand(body: unknown): Command {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = problemsIn(body, schema, parsed.error.issues).map(({ message }) => message);
  throw new HttpError(400, problems.join('; ').slice(0, 500));
}
