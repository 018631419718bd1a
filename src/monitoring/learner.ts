/**
 * The commands `learn` and `roll-back`: records a feed's normal running while it goes on, trains, and switches the feed over
 * between two windows. The package before stays beside the new one as `<model>.previous`.
 */
import { learn } from '../commissioning/learn.js';
import type { Config, FeedConfig } from '../config/load.js';
import { AuscultError, ConfigError, type LearnProgress, SourceError } from '../contracts.js';
import { describeBudget } from '../decision/threshold.js';
import { rollBackPackage } from '../scorers/package-files.js';
import type { FeedModel } from './feed-model.js';
import type { FeedMonitor } from './feed-monitor.js';
import { settingsOf } from './feed-settings.js';
import { learnRequest, refuseSharedModel } from './learn-request.js';

export interface LearnerOptions {
  readonly dataDir: string;
  readonly engine: Config['engine'];
  readonly log: { info(line: string): void; warn(line: string): void };
  /** Opens the package that a feed has now. */
  readonly reopen: (feed: string) => Promise<FeedModel>;
  readonly onProgress: (progress: LearnProgress) => void;
}

export class Learner {
  readonly #options: LearnerOptions;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Promise<void>>();

  constructor(options: LearnerOptions) {
    this.#options = options;
  }

  /**
   * Starts recording; resolves at once with a line for the sender.
   * @throws {ConfigError} while the feed learns or rolls back already, and for what `learnRequest` refuses
   */
  async start(monitor: FeedMonitor, feed: FeedConfig, asked: { minutes: number; preset?: string }): Promise<string> {
    this.#refuseWhileLearning(feed);
    const request = learnRequest(feed, { ...asked, dataDir: this.#options.dataDir });
    if (monitor.runningSaid === false)
      throw new ConfigError(`learn: expected ${feed.machine} to run, ${feed.operating.topic} says that it is off`);
    const done = this.#learn(monitor, feed, request)
      .catch((error: Error) => this.#failed(feed, 'learning', error))
      .finally(() => {
        this.#running.delete(feed.name);
        return monitor.listen(null, Date.now());
      });
    this.#running.set(feed.name, done);
    return `${feed.name}: learning for ${asked.minutes} min; the machine must run normally`;
  }

  /**
   * Changes to the package before; doing it twice changes nothing. Resolves with a line for the sender once the packages
   * have changed places; the feed follows within seconds.
   * @throws {ConfigError} when there is none, while the feed is learning, and where another feed has the same model
   * @throws {ModelError} when it is broken
   */
  async rollBack(monitor: FeedMonitor, feed: FeedConfig): Promise<string> {
    this.#refuseWhileLearning(feed);
    refuseSharedModel(feed);
    const changed = this.#changeBack(feed);
    // What is refused at once, only the sender is told.
    const done = changed
      .then(
        (model) =>
          this.#switchOver(monitor, feed, model).catch((error: Error) => this.#failed(feed, 'rolling back', error)),
        () => {},
      )
      .finally(() => this.#running.delete(feed.name));
    this.#running.set(feed.name, done);
    const { manifest } = await changed;
    return `${feed.name}: rolled back to the model of ${manifest?.createdAt}`;
  }

  /** Ends what is under way; what was recorded stays. */
  async close(): Promise<void> {
    this.#stop.abort(new SourceError('the service is stopping'));
    await Promise.all(this.#running.values());
  }

  #refuseWhileLearning({ name }: FeedConfig): void {
    if (this.#running.has(name))
      throw new ConfigError(`${name}: expected one change of its model at a time, it learns or rolls back already`);
  }

  async #changeBack(feed: FeedConfig): Promise<FeedModel> {
    await rollBackPackage(feed.model);
    return this.#options.reopen(feed.name);
  }

  async #switchOver(monitor: FeedMonitor, feed: FeedConfig, model: FeedModel): Promise<void> {
    this.#tell(feed, 'switching', 1, 'the new model listens along until it can take over');
    await monitor.useModel(model, this.#stop.signal);
    const { manifest } = model;
    const promise = manifest ? describeBudget(manifest.calibration, settingsOf(feed).budget) : '';
    this.#options.log.info(`${feed.name}: now judged by ${feed.model} of ${manifest?.createdAt}`);
    this.#tell(feed, 'done', 1, promise);
  }

  async #learn(monitor: FeedMonitor, feed: FeedConfig, request: ReturnType<typeof learnRequest>): Promise<void> {
    const { log, engine, onProgress } = this.#options;
    const { manifest } = await learn({
      ...request,
      ...{ engine, onProgress },
      signal: this.#stop.signal,
      listen: (listener) => void monitor.listen(listener, Date.now()),
      stop: () => monitor.stopListening(),
      onNote: (line) => log.info(`${feed.name}: ${line}`),
    });
    const { rows, seconds } = manifest.training;
    log.info(`${feed.name}: learned from ${rows} rows in ${seconds} s`);
    await this.#switchOver(monitor, feed, await this.#options.reopen(feed.name));
  }

  #failed(feed: FeedConfig, what: 'learning' | 'rolling back', error: Error): void {
    if (this.#stop.signal.aborted) return;
    const known = error instanceof AuscultError;
    this.#options.log.warn(
      `${feed.name}: ${what} failed, the feed goes on as before: ${known ? error.message : (error.stack ?? String(error))}`,
    );
    this.#tell(feed, 'failed', 1, known ? error.message : `${what} failed for a reason that is in the log`);
  }

  #tell({ name: feed, machine }: FeedConfig, stage: LearnProgress['stage'], share: number, message: string): void {
    this.#options.onProgress({ feed, machine, stage, share, message, atMs: Date.now() });
  }
}
