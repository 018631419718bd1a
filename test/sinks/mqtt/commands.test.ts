import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Command, ConfigError } from '../../../src/contracts.js';
import { COMMAND_BYTES, CommandService } from '../../../src/sinks/mqtt/commands.js';
import type { MqttMessage } from '../../../src/sinks/mqtt/messages.js';
import { faults, schema } from './schemas.js';
import { topics } from './sinks.js';

/** A service whose handler notes the commands; `handle` may do otherwise. */
function trial(handle: (command: Command) => Promise<string> = async ({ command }) => `${command} done`) {
  const carriedOut: Command[] = [];
  const answers: MqttMessage[] = [];
  const warnings: string[] = [];
  const service = new CommandService({
    topics,
    machines: ['pump', 'Fan 1/A'],
    handler: (command) => {
      carriedOut.push(command);
      return handle(command);
    },
    answer: (message) => answers.push(message),
    onWarning: (line) => warnings.push(line),
  });
  const send = async (topic: string, payload: unknown) => {
    service.receive(
      topic,
      Buffer.isBuffer(payload) ? payload : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
    );
    await service.settled();
    for (const answer of answers) expect(faults(schema('command-result'), answer.payload)).toEqual([]);
    return answers.map(({ payload: text }) => JSON.parse(text) as Record<string, unknown>);
  };
  return { service, send, carriedOut, answers, warnings };
}

const pump = topics.command('pump');

test('carries out each command for the machine of its topic and fills in what was left out', async () => {
  const { send, carriedOut } = trial();
  await send(pump, { command: 'acknowledge' });
  await send(pump, { command: 'label', eventId: 'e', label: 'false-alarm', note: 'rain' });
  await send(pump, { command: 'learn', minutes: 5 });
  await send(pump, { command: 'learn', feed: 'inlet', preset: 'mel-flat' });
  await send(pump, { command: 'roll-back' });
  await send(pump, { command: 'mute' });
  await send(topics.command('Fan 1/A'), { command: 'test-alert' });
  expect(carriedOut).toEqual([
    { command: 'acknowledge', machine: 'pump', eventId: null },
    { command: 'label', machine: 'pump', eventId: 'e', label: 'false-alarm', note: 'rain' },
    { command: 'learn', machine: 'pump', minutes: 5 },
    { command: 'learn', machine: 'pump', feed: 'inlet', minutes: 10, preset: 'mel-flat' },
    { command: 'roll-back', machine: 'pump' },
    { command: 'mute', machine: 'pump', minutes: 60 },
    { command: 'test-alert', machine: 'Fan 1/A' },
  ]);
});

test("answers on the command's topic with the sender's id", async () => {
  const { send, answers } = trial();
  const [answer] = await send(pump, { command: 'mute', minutes: 0, id: 'mine' });
  expect(answer).toEqual({ version: 1, id: 'mine', command: 'mute', machine: 'pump', ok: true, message: 'mute done' });
  expect(answers[0]).toMatchObject({ topic: 'auscult/works/pump/command/result', retain: false });
});

test("on the site's topic commands one machine or all of them", async () => {
  const { send, carriedOut } = trial();
  expect(await send(topics.siteCommand, { command: 'mute', machine: 'pump' })).toHaveLength(1);
  await send(topics.siteCommand, { command: 'acknowledge' });
  expect(carriedOut.map(({ machine }) => machine)).toEqual(['pump', 'pump', 'Fan 1/A']);
});

test("on the site's topic a machine that refuses is answered by name and keeps none from its turn", async () => {
  const { send } = trial(async ({ machine }) => {
    if (machine === 'pump') throw new ConfigError('feed: expected one of inlet, found outlet');
    return 'learning';
  });
  expect(await send(topics.siteCommand, { command: 'learn', feed: 'outlet', id: 'mine' })).toMatchObject([
    { id: 'mine', machine: 'pump', ok: false, message: 'feed: expected one of inlet, found outlet' },
    { id: 'mine', machine: 'Fan 1/A', ok: true, message: 'learning' },
  ]);
});

test.each([
  ['a value', { command: 'learn', minutes: 'ten', id: 'mine' }, 'mine', 'learn'],
  ['the command', { command: 'explode', id: 'mine' }, 'mine', null],
  ['the id', { command: 'mute', id: 'x'.repeat(65) }, null, 'mute'],
  ['everything', [1], null, null],
])('repeats what it can of a command when %s is refused', async (_, payload, id, command) => {
  const { send } = trial();
  expect(await send(pump, payload)).toMatchObject([{ id, command, ok: false }]);
});

test.each([
  ['no JSON', pump, '{"command":', /expected JSON such as/],
  ['an unknown command', pump, { command: 'explode' }, /^command: expected acknowledge \| label .*, found "explode"$/],
  ['half a minute', pump, { command: 'learn', minutes: 0.5 }, /^minutes: expected at least 1, found 0\.5$/],
  ['a wrong type', pump, { command: 'learn', minutes: 'ten' }, /minutes: .*expected number/],
  ['too much of it', pump, { command: 'mute', minutes: 1e9 }, /^minutes: expected at most 10080, found 1000000000$/],
  ['an unknown key', pump, { command: 'mute', minuets: 5 }, /^minuets: unknown key \(did you mean "minutes"\?\)$/],
  [
    'a label without an event',
    pump,
    { command: 'label', label: 'unsure' },
    /^eventId: expected string, found nothing$/,
  ],
  [
    'an unknown machine',
    topics.siteCommand,
    { command: 'mute', machine: 'boat' },
    /expected one of "pump", "Fan 1\/A", found "boat"/,
  ],
  [
    'an unknown machine in the topic',
    'auscult/works/boat/command',
    { command: 'mute' },
    /machine of topic .*boat.*expected one of/,
  ],
  ['two machines', pump, { command: 'mute', machine: 'Fan 1/A' }, /the topic says "pump", the command "Fan 1\/A"/],
  [
    'a label for no machine',
    topics.siteCommand,
    { command: 'label', eventId: 'e', label: 'unsure' },
    /a label needs one/,
  ],
  ['a novel', pump, Buffer.alloc(COMMAND_BYTES + 1, 32), /expected at most 16384 bytes, found 16385/],
])('answers %s with one clear line and does nothing', async (_, topic, payload, expected) => {
  const { send, carriedOut } = trial();
  const [answer] = await send(topic, payload);
  expect(answer).toMatchObject({ ok: false, message: expect.stringMatching(expected) });
  expect(answer?.message).not.toContain('\n');
  expect(carriedOut).toEqual([]);
});

test('passes on why a command cannot be done, but no defect of ours', async () => {
  const refused = trial(async () => {
    throw new ConfigError('event e: expected an open event, it has cleared');
  });
  expect(await refused.send(pump, { command: 'acknowledge' })).toMatchObject([
    { ok: false, message: 'event e: expected an open event, it has cleared' },
  ]);
  const broken = trial(async () => {
    throw new TypeError('secret is undefined');
  });
  const [answer] = await broken.send(pump, { command: 'acknowledge' });
  expect(answer?.message).toBe('the command failed for a reason that is in the log');
  expect(broken.warnings).toEqual(['command failed: secret is undefined']);
});

test('takes any bytes without failing, and accepts exactly what the schema accepts', async () => {
  const validate = schema('command');
  const command = fc.record(
    {
      command: fc.constantFrom('acknowledge', 'label', 'learn', 'roll-back', 'mute', 'test-alert', 'other'),
      eventId: fc.oneof(fc.string(), fc.constant(null)),
      label: fc.constantFrom('unsure', 'wrong'),
      note: fc.oneof(fc.string(), fc.constant(null)),
      minutes: fc.oneof(fc.integer({ min: -1, max: 20_000 }), fc.double({ noNaN: true })),
      id: fc.string(),
      extra: fc.boolean(),
    },
    { requiredKeys: ['command'] },
  );
  const payload = fc.oneof(
    { weight: 5, arbitrary: command.map((value) => Buffer.from(JSON.stringify(value))) },
    fc.json().map((text) => Buffer.from(text)),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(payload, async (bytes) => {
      const [answer] = await trial().send(pump, bytes);
      let valid = false;
      try {
        valid = validate(JSON.parse(bytes.toString('utf8')));
      } catch {}
      expect(answer?.ok).toBe(valid);
    }),
    { numRuns: 400 },
  );
});

test('carries out commands one after the other and refuses a flood', async () => {
  const order: string[] = [];
  const { service, send, answers } = trial(async (command) => {
    order.push(`begin ${command.command}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
    order.push(`end ${command.command}`);
    return 'done';
  });
  for (let i = 0; i < 100; i++) service.receive(pump, Buffer.from('{"command":"mute"}'));
  await send(pump, { command: 'test-alert' });
  expect(order.slice(0, 4)).toEqual(['begin mute', 'end mute', 'begin mute', 'end mute']);
  const refused = answers.filter(({ payload }) => payload.includes('at most 32 commands at a time'));
  expect(refused).toHaveLength(69);
});

test('knows the topics of commands from others', () => {
  const { service } = trial();
  expect([pump, topics.siteCommand, 'auscult/works/boat/command'].map((topic) => service.accepts(topic))).toEqual([
    true,
    true,
    true,
  ]);
  expect(
    [`${pump}/result`, topics.state('pump'), 'auscult/other/pump/command', 'auscult/works/a/b/command'].map((topic) =>
      service.accepts(topic),
    ),
  ).toEqual([false, false, false, false]);
});
