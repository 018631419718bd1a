import { expect, onTestFinished } from 'vitest';
import type { Event, EventChange } from '../../../src/contracts.js';
import { eventMessage, MqttSink, type MqttSinkOptions, mqttTopics } from '../../../src/sinks/mqtt/index.js';
import type { Store } from '../../../src/store/index.js';
import { storeIn, temporaryFolder } from '../../store/samples.js';

export const topics = mqttTopics({ base: 'auscult', site: 'works' });

/** Waits for a value, long enough for a busy machine. */
export function eventually<T>(value: () => T) {
  return expect.poll(value, { timeout: 20_000, interval: 20 });
}

/** What a sink said. */
export class Log {
  readonly lines: string[] = [];
  readonly warnings: string[] = [];
  info(line: string): void {
    this.lines.push(line);
  }
  warn(line: string): void {
    this.lines.push(line);
    this.warnings.push(line);
  }
}

export interface SinkOnTrial {
  readonly sink: MqttSink;
  readonly store: Store;
  readonly log: Log;
  /** Writes the event with its message, as the loop does, and tells the sink. */
  record(event: Event, change: EventChange): void;
}

/** A sink on a store of its own, closed when the test ends. */
export function startSink(url: string, options: Partial<MqttSinkOptions> = {}): SinkOnTrial {
  const store = storeIn(temporaryFolder());
  const log = new Log();
  const sink = new MqttSink({
    url,
    topics,
    machines: ['pump', 'fan'],
    version: '0.1.0',
    homeAssistantPrefix: 'homeassistant',
    outbox: store,
    commands: async ({ command, machine }) => `${command} done for ${machine}`,
    retry: { minMs: 50, maxMs: 200 },
    log,
    ...options,
  });
  onTestFinished(() => sink.close());
  const record = (event: Event, change: EventChange) => {
    store.recordEvent(event, change, [eventMessage(topics, event, change, event.raisedMs)]);
    sink.event();
  };
  return { sink, store, log, record };
}
