/**
 * The only place that wires things together: a configuration → a running service. It owns everything it opens and closes
 * it in the opposite order.
 */
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { brokerIsExternal, type Config, type FeedConfig, readTls } from './config/load.js';
import {
  AuscultError,
  type Command,
  type Event,
  type EventChange,
  type MachineState,
  type Sink,
  SourceError,
} from './contracts.js';
import { ClipRecorder } from './monitoring/clip-recorder.js';
import { FeedMonitor } from './monitoring/feed-monitor.js';
import { feedHealth, mqttHealth, storeHealth } from './monitoring/health.js';
import { Learner } from './monitoring/learner.js';
import { MachineRoom } from './monitoring/machine-room.js';
import { type ModelSurroundings, openModel, openModelOrNone } from './monitoring/open-model.js';
import { isLive, modalityOf, openSource, specBeforeModel } from './monitoring/open-source.js';
import { operatingTopics } from './monitoring/operating-topics.js';
import { type HealthCheck, type HttpSink, loginOf, openHttpSink } from './sinks/http/index.js';
import {
  type EmbeddedBroker,
  eventMessage,
  MqttSink,
  mqttTopics,
  openEmbeddedBroker,
  type Topics,
} from './sinks/mqtt/index.js';
import type { Broker } from './sources/mqtt/topic-source.js';
import { databaseIn, openStore, type Store } from './store/index.js';
import { removeServiceAddress, writeServiceAddress } from './store/service-file.js';

export interface Log {
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

export interface App {
  /** Address of the page; null when it is switched off. */
  readonly url: string | null;
  /** Address of the broker; null when MQTT is switched off. */
  readonly broker: string | null;
  /** Resolves when every feed has ended (files that do not loop). */
  readonly ended: Promise<void>;
  /** Stops capture, flushes, publishes offline and closes everything. */
  close(): Promise<void>;
}

const day = 86_400_000;
const tickMs = 1_000;

/** Opens everything a configuration asks for and starts listening. */
export async function openApp(config: Config, version: string, log: Log): Promise<App> {
  const service = new Service(config, version, log);
  try {
    await service.open();
    return service;
  } catch (error) {
    await service.close();
    throw error;
  }
}

class Service implements App {
  readonly #config: Config;
  readonly #version: string;
  readonly #log: Log;
  readonly #topics: Topics;
  readonly #stop = new AbortController();
  readonly #sinks: Sink[] = [];
  #store: Store | null = null;
  #embedded: EmbeddedBroker | null = null;
  #broker: Broker | null = null;
  #mqtt: MqttSink | null = null;
  #http: HttpSink | null = null;
  #room: MachineRoom | null = null;
  #learner: Learner | null = null;
  #timer: NodeJS.Timeout | null = null;
  #feeds: Promise<void>[] = [];
  /** What topics have said of machines before their feeds were there to hear it: retained messages come once. */
  readonly #running = new Map<string, boolean>();
  #closing: Promise<void> | null = null;
  ended: Promise<void> = Promise.resolve();

  constructor(config: Config, version: string, log: Log) {
    this.#config = config;
    this.#version = version;
    this.#log = log;
    this.#topics = mqttTopics({ base: config.mqtt.base, site: config.site });
  }

  get url(): string | null {
    return this.#http?.url ?? null;
  }

  get broker(): string | null {
    return this.#mqtt?.health().broker ?? null;
  }

  async open(): Promise<void> {
    setMaxListeners(0, this.#stop.signal); // every feed waits on it
    const { feeds } = this.#config;
    this.#store = this.#openStore();
    const room = this.#openRoom(this.#store);
    await this.#openMqtt(this.#store);
    await this.#openHttp(this.#store);
    this.#forgetUnknownFeeds(this.#store);
    for (const feed of feeds) room.add(await this.#openFeed(feed, this.#store, room));
    this.#start(room);
    writeServiceAddress(this.#config.dataDir, { pid: process.pid, page: this.url, broker: this.broker });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  // -------------------------------------------------------------- opening

  #openStore(): Store {
    const { dataDir, store } = this.#config;
    return openStore({
      path: databaseIn(dataDir),
      clipDir: join(dataDir, 'clips'),
      retention: {
        windowScoresMs: store.scoreDays * day,
        minuteScoresMs: store.minuteDays * day,
        clipsMs: store.clipDays * day,
        clipsBytes: store.clipMegabytes * 1e6,
      },
      onNotice: (line) => this.#log.warn(line),
    });
  }

  #openRoom(store: Store): MachineRoom {
    const learner = new Learner({
      dataDir: this.#config.dataDir,
      engine: this.#config.engine,
      log: this.#log,
      reopen: (name) => openModel(this.#feed(name), this.#around(store)),
      onProgress: (progress) => {
        for (const sink of this.#sinks) sink.learning?.(progress);
      },
    });
    this.#learner = learner;
    this.#room = new MachineRoom({
      store,
      sinks: this.#sinks,
      messages: this.#messages,
      learn: (monitor, asked) => learner.start(monitor, this.#feed(monitor.feed), asked),
      rollBack: (monitor) => learner.rollBack(monitor, this.#feed(monitor.feed)),
      nowMs: Date.now,
    });
    return this.#room;
  }

  readonly #messages = (event: Event, change: EventChange) =>
    this.#config.mqtt.enabled ? [eventMessage(this.#topics, event, change, Date.now())] : [];

  readonly #command = (command: Command): Promise<string> => {
    this.#log.info(`command ${command.command} for ${command.machine}`);
    if (!this.#room || !this.#timer)
      throw new SourceError('commands: expected a running service, found one that is starting');
    return this.#room.apply(command);
  };

  async #openMqtt(store: Store): Promise<void> {
    const { mqtt, feeds } = this.#config;
    if (!mqtt.enabled) return;
    const machines = [...new Set(feeds.map(({ machine }) => machine))];
    const former = formerMachines(store, machines);
    const external = brokerIsExternal(mqtt);
    if (!external)
      this.#embedded = await openEmbeddedBroker({ port: mqtt.port, onNotice: (line) => this.#log.warn(line) });
    this.#broker = {
      url: this.#embedded?.url ?? mqtt.url ?? '',
      username: mqtt.username,
      password: mqtt.password,
      tls: readTls(this.#config),
      protocolVersion: external ? mqtt.protocolVersion : 4,
    };
    this.#mqtt = new MqttSink({
      ...this.#broker,
      clientId: mqtt.clientId,
      topics: this.#topics,
      machines,
      feedsOf: (machine) => feeds.filter((feed) => feed.machine === machine).map(({ name }) => name),
      former: { machines: former, onTakenBack: (machine) => store.forgetState(machine) },
      version: this.#version,
      homeAssistantPrefix: mqtt.homeAssistant.enabled ? mqtt.homeAssistant.prefix : null,
      outbox: store,
      watched: operatingTopics(
        feeds,
        (feed, running) => this.#operating(feed, running),
        (line) => this.#log.warn(line),
      ),
      commands: this.#command,
      log: this.#log,
    });
    this.#sinks.push(this.#mqtt);
  }

  async #openHttp(store: Store): Promise<void> {
    const { http, feeds, site } = this.#config;
    if (!http.enabled) return;
    this.#http = await openHttpSink({
      host: http.host,
      port: http.port,
      credentials: loginOf(http),
      allowedOrigins: http.allowedOrigins,
      site,
      version: this.#version,
      feeds: feeds.map((feed) => {
        const spec = specBeforeModel(feed);
        return {
          feed: feed.name,
          machine: feed.machine,
          modality: modalityOf(feed),
          mel: 'mel' in spec ? spec.mel : null,
        };
      }),
      data: store,
      commands: this.#command,
      health: () => this.#health(),
      log: (level, message) => this.#log[level](message),
    });
    this.#sinks.push(this.#http);
  }

  #operating(feed: string, running: boolean): void {
    this.#running.set(feed, running);
    void this.#room?.monitors.find((monitor) => monitor.feed === feed)?.operating(running, Date.now());
  }

  /** Open events of feeds that the configuration does not have any more, or has of another machine, would stay open for ever. */
  #forgetUnknownFeeds(store: Store): void {
    const machines = new Map(this.#config.feeds.map(({ name, machine }) => [name, machine]));
    for (const event of store.openEvents()) {
      if (machines.get(event.feed) === event.machine && event.kind !== 'test') continue;
      const cleared = { ...event, clearedMs: Math.max(Date.now(), event.raisedMs) };
      store.recordEvent(cleared, 'cleared', this.#messages(cleared, 'cleared'));
      this.#log.warn(`event ${event.id} cleared: ${event.feed} of ${event.machine} is not configured any more`);
    }
  }

  // -------------------------------------------------------------- feeds

  async #openFeed(feed: FeedConfig, store: Store, room: MachineRoom): Promise<FeedMonitor> {
    const model = await openModelOrNone(feed, this.#around(store));
    const spec = model.features.spec;
    const source = openSource(feed, spec, this.#broker);
    const { clipBeforeSeconds, clipAfterSeconds, clipMaxSeconds } = this.#config.store;
    return new FeedMonitor(
      {
        feed: feed.name,
        machine: feed.machine,
        source,
        store,
        sinks: this.#sinks,
        messages: this.#messages,
        onState: (name, state, atMs) => this.#feedState(room, feed.machine, name, state, atMs),
        spectrogram: this.#http,
        clips:
          'mel' in spec
            ? new ClipRecorder({
                sampleRateHz: spec.mel.sampleRateHz,
                beforeMs: clipBeforeSeconds * 1000,
                afterMs: clipAfterSeconds * 1000,
                maxMs: clipMaxSeconds * 1000,
              })
            : null,
        configDigest: this.#config.digest,
        open: store.openEvents().filter((event) => event.feed === feed.name),
        log: (level, message) => this.#log[level](message),
        clock: isLive(feed) ? Date.now : null,
      },
      model,
    );
  }

  #around(store: Store): ModelSurroundings {
    return { store, engine: this.#config.engine, log: this.#log };
  }

  #feed(name: string): FeedConfig {
    const feed = this.#config.feeds.find((candidate) => candidate.name === name);
    if (!feed) throw new SourceError(`feed: expected one of the configured, found ${name}`);
    return feed;
  }

  #feedState(room: MachineRoom, machine: string, feed: string, state: MachineState, atMs: number): void {
    this.#log.info(`${feed}: ${state}`);
    room.feedState(machine, feed, state, atMs);
  }

  #start(room: MachineRoom): void {
    for (const { machine, untilMs } of this.#store?.mutes(Date.now()) ?? [])
      for (const monitor of room.monitors) if (monitor.machine === machine) void monitor.mute(untilMs, Date.now());
    for (const [feed, running] of this.#running) this.#operating(feed, running);
    // What is open is said of every feed before one of them is heard: else its machine were normal for a moment.
    for (const monitor of room.monitors) void monitor.tick(Date.now());
    this.#feeds = room.monitors.map((monitor) => this.#runFeed(monitor));
    this.ended = Promise.all(this.#feeds).then(() => {});
    this.#timer = setInterval(() => {
      for (const monitor of room.monitors) void monitor.tick(Date.now()).catch((error) => this.#failed(monitor, error));
    }, tickMs);
  }

  /** One feed's trouble is its own: the others go on. */
  async #runFeed(monitor: FeedMonitor): Promise<void> {
    try {
      await monitor.run(this.#stop.signal);
      if (!this.#stop.signal.aborted) this.#log.info(`${monitor.feed}: ended`);
    } catch (error) {
      this.#failed(monitor, error);
      if (!this.#stop.signal.aborted)
        await monitor.fail(String((error as Error).message).split('\n')[0] ?? '', Date.now());
    }
  }

  #failed(monitor: FeedMonitor, error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#log.error(
      `${monitor.feed}: ${error instanceof AuscultError ? error.message : ((error as Error).stack ?? String(error))}`,
    );
  }

  #health(): HealthCheck[] {
    const monitors = this.#room?.monitors ?? [];
    return [
      ...monitors.map((monitor) => feedHealth(monitor)),
      ...(this.#store ? [storeHealth(this.#store)] : []),
      ...(this.#mqtt ? [mqttHealth(this.#mqtt)] : []),
    ];
  }

  // -------------------------------------------------------------- closing

  /** Capture first, then what is told, then where it is kept. */
  async #close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#stop.abort(new SourceError('the service is stopping'));
    await this.#learner?.close();
    await Promise.all(this.#feeds);
    await Promise.all((this.#room?.monitors ?? []).map((monitor) => monitor.close()));
    await this.#http?.close();
    await this.#mqtt?.close();
    await this.#embedded?.close();
    if (this.#store) removeServiceAddress(this.#config.dataDir);
    await this.#store?.close();
  }
}

/** Machines that have been told of and are not configured any more; those that are will have been told of. */
function formerMachines(store: Store, machines: readonly string[]): string[] {
  const known = store.states().map(({ machine }) => machine);
  for (const machine of machines) if (!known.includes(machine)) store.setState(machine, 'unknown', Date.now());
  return known.filter((machine) => !machines.includes(machine));
}
