/** Every monitored feed, and the commands that people send them. */
import { type Command, ConfigError, type Event, type EventChange, type MachineState, type Sink } from '../contracts.js';
import type { NewOutboxMessage, Store } from '../store/types.js';
import type { FeedMonitor } from './feed-monitor.js';
import { MachineStates } from './machine-states.js';

export interface MachineRoomOptions {
  readonly store: Pick<Store, 'acknowledge' | 'label' | 'event' | 'setState' | 'mute' | 'unmute'>;
  readonly sinks: readonly Sink[];
  readonly messages: (event: Event, change: EventChange) => readonly NewOutboxMessage[];
  /** Starts learning one feed; resolves with a line for the sender once it has started. */
  readonly learn: (monitor: FeedMonitor, asked: { minutes: number; preset?: string }) => Promise<string>;
  /** Changes one feed to the package before; resolves with a line for the sender once the packages have changed places. */
  readonly rollBack: (monitor: FeedMonitor) => Promise<string>;
  readonly nowMs: () => number;
}

export class MachineRoom {
  readonly #options: MachineRoomOptions;
  readonly #monitors: FeedMonitor[] = [];
  readonly #states = new MachineStates();

  constructor(options: MachineRoomOptions) {
    this.#options = options;
  }

  get monitors(): readonly FeedMonitor[] {
    return this.#monitors;
  }

  add(monitor: FeedMonitor): void {
    this.#monitors.push(monitor);
  }

  /** A feed came into another state; the machine's state is the most urgent of its feeds. */
  feedState(machine: string, feed: string, state: MachineState, atMs: number): void {
    const changed = this.#states.set(machine, feed, state);
    if (changed === null) return;
    this.#options.store.setState(machine, changed, atMs);
    for (const sink of this.#options.sinks) sink.state(machine, changed, atMs);
  }

  /** Does what a command asks. @throws {ConfigError} naming a machine, feed or event that is not there */
  async apply(command: Command): Promise<string> {
    const atMs = this.#options.nowMs();
    switch (command.command) {
      case 'acknowledge':
        return this.#acknowledge(command.machine, command.eventId, atMs);
      case 'label':
        return this.#label(command, atMs);
      case 'mute':
        return this.#mute(command.machine, command.minutes, atMs);
      case 'learn':
        return this.#each(command, (monitor) => this.#options.learn(monitor, command));
      case 'roll-back':
        return this.#each(command, (monitor) => this.#options.rollBack(monitor));
      case 'test-alert': {
        const event = await this.#of(command.machine)[0]?.testAlert(atMs);
        return `test alert ${event?.id} sent for ${command.machine}`;
      }
    }
  }

  async #acknowledge(machine: string, eventId: string | null, atMs: number): Promise<string> {
    const monitors = this.#of(machine);
    if (eventId !== null) this.#refuseOthers(machine, eventId);
    const counts = await Promise.all(monitors.map((monitor) => monitor.acknowledge(eventId, atMs)));
    const open = counts.reduce((sum, n) => sum + n, 0);
    if (eventId === null) return `${machine}: ${open} open event${open === 1 ? '' : 's'} acknowledged`;
    if (open === 0) this.#tell(this.#options.store.acknowledge(eventId, atMs, this.#updated), machine, eventId);
    return `${machine}: event ${eventId} acknowledged`;
  }

  #label({ machine, eventId, label, note }: Extract<Command, { command: 'label' }>, atMs: number): string {
    this.#of(machine);
    this.#refuseOthers(machine, eventId);
    this.#tell(this.#options.store.label({ eventId, label, note, atMs }, this.#updated), machine, eventId);
    return `${machine}: event ${eventId} labelled ${label}`;
  }

  async #mute(machine: string, minutes: number, atMs: number): Promise<string> {
    const untilMs = atMs + minutes * 60_000;
    const monitors = this.#of(machine);
    const tell = () => Promise.all(monitors.map((monitor) => monitor.mute(untilMs, atMs)));
    if (minutes === 0) {
      // Heard again before that is noted: a disk that refuses must not keep a machine mute.
      await tell();
      this.#options.store.unmute(machine);
      return `${machine}: not muted any more`;
    }
    this.#options.store.mute(machine, untilMs);
    await tell();
    return `${machine}: muted until ${new Date(untilMs).toISOString()}`;
  }

  /** Every feed of the machine that is meant, and those that can: what others refused is in the line. */
  async #each(
    { machine, feed }: { machine: string; feed?: string },
    work: (monitor: FeedMonitor) => Promise<string>,
  ): Promise<string> {
    const done = await Promise.allSettled(this.#of(machine, feed).map(work));
    if (done.every(({ status }) => status === 'rejected')) throw (done[0] as PromiseRejectedResult).reason;
    return done.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason.message))).join('; ');
  }

  readonly #updated = (event: Event): readonly NewOutboxMessage[] => this.#options.messages(event, 'updated');

  /** Whoever may send commands to one machine may not change the events of another. */
  #refuseOthers(machine: string, eventId: string): void {
    const owner = this.#options.store.event(eventId)?.machine ?? machine;
    if (owner !== machine) throw noSuchEvent(machine, eventId);
  }

  #tell(event: Event | null, machine: string, eventId: string): void {
    if (!event) throw noSuchEvent(machine, eventId);
    for (const sink of this.#options.sinks) sink.event(event, 'updated');
  }

  #of(machine: string, feed?: string): FeedMonitor[] {
    const found = this.#monitors.filter((monitor) => monitor.machine === machine);
    const known = (names: string[]) => [...new Set(names)].join(', ');
    if (found.length === 0)
      throw new ConfigError(
        `machine: expected one of ${known(this.#monitors.map((monitor) => monitor.machine))}, found ${machine}`,
      );
    const meant = found.filter((monitor) => feed === undefined || monitor.feed === feed);
    if (meant.length > 0) return meant;
    throw new ConfigError(`feed: expected one of ${known(found.map((monitor) => monitor.feed))}, found ${feed}`);
  }
}

const noSuchEvent = (machine: string, eventId: string): ConfigError =>
  new ConfigError(`eventId: expected an event of ${machine}, found none with id ${eventId}`);
