/** A sink that stays connected until it is killed, raising an event every few ms. Arguments: broker's URL, folder. */
import { join } from 'node:path';
import { eventMessage, MqttSink, mqttTopics } from '../../../src/sinks/mqtt/index.js';
import { openStore } from '../../../src/store/index.js';
import { sampleEvent } from './child-event.js';

const [url = '', folder = '.', run = ''] = process.argv.slice(2);
const store = openStore({ path: join(folder, 'auscult.db'), clipDir: join(folder, 'clips'), reserveBytes: 0 });
const topics = mqttTopics({ base: 'auscult', site: 'works' });
const sink = new MqttSink({
  url,
  topics,
  machines: ['pump'],
  version: '0.1.0',
  homeAssistantPrefix: null,
  outbox: store,
  commands: null,
  retry: { minMs: 20, maxMs: 50 },
  log: { info: (line) => process.stdout.write(`${line}\n`), warn: (line) => process.stdout.write(`${line}\n`) },
});

let count = 0;
setInterval(() => {
  const event = sampleEvent(`${run}-${count++}`);
  store.recordEvent(event, 'raised', [eventMessage(topics, event, 'raised', Date.now())]);
  sink.event();
}, 2);
