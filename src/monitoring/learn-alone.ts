/** Learning without a service: opens one feed's own source, records it, trains, writes the package, and ends. */
import { type Learned, type Listener, learn } from '../commissioning/learn.js';
import type { Config, FeedConfig } from '../config/load.js';
import type { LearnProgress } from '../contracts.js';
import { brokerAddress } from '../sources/mqtt/broker-address.js';
import { MqttConnection } from '../sources/mqtt/connection.js';
import type { Broker } from '../sources/mqtt/topic-source.js';
import { learnRequest } from './learn-request.js';
import { openSource, specBeforeModel } from './open-source.js';
import { isRunning } from './operating-topics.js';

export interface LearnAloneOptions {
  readonly feed: FeedConfig;
  readonly dataDir: string;
  readonly engine: Config['engine'];
  /** Where rows over MQTT, and what a topic says of the machine, come from; null when MQTT is switched off. */
  readonly broker: Broker | null;
  readonly minutes: number;
  readonly preset?: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LearnProgress) => void;
  /** A line for the operator, troubles of the source among them. */
  readonly onNote: (line: string) => void;
}

/** @throws as `learn` does, and what the source throws */
export async function learnAlone(options: LearnAloneOptions): Promise<Learned> {
  const { feed, broker, signal, onNote } = options;
  const request = learnRequest(feed, options);
  const stop = new AbortController();
  const failed = new AbortController();
  const whole = AbortSignal.any([signal, failed.signal]);
  const hearing = AbortSignal.any([signal, stop.signal]);
  const source = openSource(feed, specBeforeModel(feed), broker);
  const tasks: Promise<void>[] = [];
  const hear = async (listener: Listener): Promise<void> => {
    for await (const item of source.stream(hearing)) {
      if (hearing.aborted) return;
      if (item.kind === 'trouble') onNote(item.message);
      else listener(item);
    }
    if (!hearing.aborted) listener({ kind: 'end' });
  };
  const listen = (listener: Listener): void => {
    const work = [hear(listener), watchMachine(options, listener, hearing)];
    tasks.push(...work.map((task) => task.catch((error) => failed.abort(error))));
  };
  try {
    return await learn({ ...options, ...request, signal: whole, listen, stop: () => stop.abort() });
  } finally {
    stop.abort();
    await Promise.all(tasks);
  }
}

/** Tells what a topic says of the machine, where the feed has one. */
async function watchMachine(
  { feed: { name, operating }, broker }: LearnAloneOptions,
  listener: Listener,
  signal: AbortSignal,
): Promise<void> {
  if (operating.from !== 'topic' || operating.topic === undefined || !broker) return;
  const onMessage = (_topic: string, payload: Buffer) => {
    const running = isRunning(payload.toString());
    if (running !== null) listener({ kind: 'machine', running });
  };
  const { url, username, password, tls = {}, protocolVersion = 4 } = broker;
  const address = brokerAddress(url, username, password);
  const clientId = `auscult-learn-${process.pid}-${name}`.slice(0, 23);
  const connection = await MqttConnection.open(
    { address, clientId, protocolVersion, keepaliveS: 30, tls, onMessage },
    signal,
  );
  await connection.subscribe([operating.topic]);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  connection.drop();
}
