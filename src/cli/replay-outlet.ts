/** Replay with the service's own store and MQTT behind it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, SourceError } from '../contracts.js';
import type { ReplayOutlet } from '../monitoring/replay.js';
import { eventMessage, MqttSink, mqttTopics } from '../sinks/mqtt/index.js';
import { openStore, type Store } from '../store/index.js';
import { auscultVersion } from './version.js';

export interface OutletFlags {
  readonly store?: string;
  readonly mqtt?: string;
  readonly site: string;
  readonly machine: string;
}

export interface OpenOutlet extends ReplayOutlet {
  /** Delivers what waits, says what could not be, and closes. */
  close(): Promise<void>;
}

const topicBase = 'auscult';
/** Longer than the service's defaults: a replay keeps more around an event. */
const clips = { beforeMs: 10_000, afterMs: 10_000, maxMs: 60_000 };
/** Without a delivery for so long the broker is given up. */
const patienceMs = 10_000;

/** null when neither is asked for. Events, messages and states are those of the service; commands are not listened for. */
export function openOutlet(flags: OutletFlags, log: (line: string) => void): OpenOutlet | null {
  if (!flags.store && !flags.mqtt) return null;
  const folder = flags.store ? null : mkdtempSync(join(tmpdir(), 'auscult-replay-'));
  const path = flags.store ?? join(folder ?? '', 'replay.sqlite');
  const store = openStore({ path, clipDir: join(dirname(path), 'clips'), onNotice: log });
  const topics = mqttTopics({ base: topicBase, site: flags.site });
  const mqtt = flags.mqtt ? openMqtt(flags.mqtt, flags.machine, topics, store, log) : null;
  return {
    store,
    sinks: mqtt ? [mqtt] : [],
    messages: (event, change) => (mqtt ? [eventMessage(topics, event, change, Date.now())] : []),
    clips,
    async close() {
      try {
        if (mqtt) await drain(mqtt, store, log);
      } finally {
        await mqtt?.close();
        await store.close();
        if (folder) rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

function openMqtt(
  url: string,
  machine: string,
  topics: ReturnType<typeof mqttTopics>,
  outbox: Store,
  warn: (line: string) => void,
): MqttSink {
  if (!/^(mqtts?|wss?):\/\//.test(url)) throw new ConfigError(`--mqtt: expected mqtt://host:port, found "${url}"`);
  const log = { info: () => {}, warn };
  return new MqttSink({
    ...{ url, topics, machines: [machine], version: auscultVersion, outbox, log },
    ...{ homeAssistantPrefix: null, commands: null },
  });
}

/** Waits until the outbox is empty. @throws {SourceError} when nothing was delivered for ten seconds */
async function drain(mqtt: MqttSink, store: Store, log: (line: string) => void): Promise<void> {
  let [delivered, sinceMs] = [mqtt.health().delivered, performance.now()];
  while (store.pending(1).length > 0) {
    const now = mqtt.health().delivered;
    if (now > delivered) [delivered, sinceMs] = [now, performance.now()];
    if (performance.now() - sinceMs > patienceMs) {
      const { broker, failure } = mqtt.health();
      throw new SourceError(`${failure ?? broker}: messages were not delivered; they wait in the store`);
    }
    await sleep(20);
  }
  log(`MQTT: ${mqtt.health().delivered} messages delivered to ${mqtt.health().broker}`);
}
