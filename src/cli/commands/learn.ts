import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { brokerIsExternal, type Config, type FeedConfig, readTls } from '../../config/load.js';
import { ConfigError, LEARN_MINUTES, type LearnProgress, SourceError } from '../../contracts.js';
import { learnAlone } from '../../monitoring/learn-alone.js';
import { refuseSharedModel } from '../../monitoring/learn-request.js';
import { rollBackPackage } from '../../scorers/package-files.js';
import { openEmbeddedBroker } from '../../sinks/mqtt/index.js';
import { takeDataFolder } from '../../store/service-file.js';
import { readConfig } from '../configuration.js';
import { interruptSignal } from '../options.js';
import { complain, printJson, printLine } from '../output.js';
import { Progress } from '../progress.js';
import { openServiceLink, type ServiceLink } from '../service-link.js';

interface Flags {
  feed: string;
  minutes: number;
  config: string;
  preset?: string;
  rollBack?: boolean;
  json?: boolean;
}

const askEveryMs = 500;

export function learnCommand(): Command {
  return new Command('learn')
    .description('learn what is normal from what a feed hears now, or go back to the model before')
    .requiredOption('--feed <name>', 'one of the configured feeds')
    .option('--minutes <n>', 'how long normal running is recorded', minutesOf, 10)
    .option('--config <file>', 'configuration file', 'config/auscult.yaml')
    .option('--preset <name>', 'what is trained, instead of the configured preset')
    .option('--roll-back', 'change to the model before; a second time, back again')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ auscult learn --feed pump --minutes 10
  $ auscult learn --feed pump --roll-back

The machine must run normally meanwhile. Where the service runs, it records, trains and switches over without a gap;
else the feed's source is opened for the time. Exit code 0: the new model is in use. What was recorded is kept in
the data folder, under learned/.`,
    )
    .action(run);
}

function minutesOf(text: string): number {
  const minutes = Number(text);
  const { least, most } = LEARN_MINUTES;
  if (minutes >= least && minutes <= most) return minutes;
  throw new InvalidArgumentError(`minutes: expected ${least} to ${most}, found ${text}`);
}

async function run(flags: Flags): Promise<void> {
  const config = readConfig({ file: flags.config });
  const feed = config.feeds.find(({ name }) => name === flags.feed);
  if (!feed)
    throw new ConfigError(
      `--feed: expected one of ${config.feeds.map(({ name }) => name).join(', ')}, found ${flags.feed}`,
    );
  const signal = interruptSignal();
  const giveBack = takeDataFolder(config.dataDir);
  try {
    const message = giveBack ? await alone(config, feed, flags, signal) : await asked(config, feed, flags, signal);
    if (flags.json) printJson({ feed: feed.name, machine: feed.machine, model: feed.model, message });
    else printLine(`${feed.name}: ${message}`);
  } finally {
    giveBack?.();
  }
}

// ---------------------------------------------------------------- without a service

async function alone(config: Config, feed: FeedConfig, flags: Flags, signal: AbortSignal): Promise<string> {
  if (flags.rollBack) {
    refuseSharedModel(feed);
    const { createdAt } = await rollBackPackage(feed.model);
    return `rolled back to the model of ${createdAt}`;
  }
  const embedded = await ownBroker(config, feed);
  const teller = new Teller(feed.name);
  try {
    const { mqtt, dataDir, engine } = config;
    const url = embedded?.url ?? mqtt.url;
    const broker = mqtt.enabled && url ? { ...mqtt, url, tls: readTls(config) } : null;
    const { promise } = await learnAlone({
      ...{ feed, dataDir, engine, broker, signal },
      ...{ minutes: flags.minutes, preset: flags.preset },
      onProgress: (progress) => teller.tell(progress),
      onNote: (line) => teller.note(line),
    });
    return `now judged by ${feed.model}: ${promise}`;
  } finally {
    teller.end();
    await embedded?.close();
  }
}

/** The service's own broker is needed where rows, or whether the machine runs, come over it. */
async function ownBroker({ mqtt }: Config, { source, operating }: FeedConfig) {
  if (!mqtt.enabled || brokerIsExternal(mqtt) || (source.type !== 'topic' && operating.from !== 'topic')) return null;
  const broker = await openEmbeddedBroker({
    port: mqtt.port,
    onNotice: complain,
  });
  complain(`listening for rows on the broker ${broker.url}`);
  return broker;
}

// ---------------------------------------------------------------- with a service

async function asked(config: Config, feed: FeedConfig, flags: Flags, signal: AbortSignal): Promise<string> {
  const { name, machine } = feed;
  const link = await openServiceLink(config, signal);
  const teller = new Teller(name);
  try {
    const { minutes, preset } = flags;
    const line = await link.send(
      flags.rollBack
        ? { command: 'roll-back', machine, feed: name }
        : { command: 'learn', machine, feed: name, minutes, ...(preset ? { preset } : {}) },
    );
    teller.note(line);
    const promise = await followed(link, name, teller, signal);
    return `${flags.rollBack ? 'rolled back, ' : ''}now judged by ${feed.model}: ${promise}`;
  } catch (error) {
    if (signal.aborted) throw new SourceError('interrupted; the service goes on with what it was asked for');
    throw error;
  } finally {
    teller.end();
    await link.close();
  }
}

/** Resolves with what can be promised once the feed has switched over. @throws {SourceError} saying why it has not */
async function followed(link: ServiceLink, feed: string, teller: Teller, signal: AbortSignal): Promise<string> {
  for (;;) {
    const progress = await link.progress(feed);
    if (progress) teller.tell(progress);
    if (progress?.stage === 'done') return progress.message;
    if (progress?.stage === 'failed') throw new SourceError(progress.message);
    await sleep(askEveryMs, undefined, { signal });
  }
}

/** A bar where stderr is a terminal, else a line a stage. */
class Teller {
  readonly #bar: Progress;
  #stage: LearnProgress['stage'] | null = null;

  constructor(feed: string) {
    this.#bar = new Progress(`learning ${feed}`);
  }

  tell({ stage, share, message }: LearnProgress): void {
    // Recording is most of it; training some minutes at most.
    const done = { recording: 0.7 * share, training: 0.7 + 0.25 * share, switching: 0.97, done: 1, failed: 1 }[stage];
    this.#bar.update(done, message);
    if (stage !== this.#stage && stage !== 'done' && stage !== 'failed') this.note(message);
    this.#stage = stage;
  }

  note(line: string): void {
    if (process.stderr.isTTY !== true) complain(line);
  }

  end(): void {
    this.#bar.stop();
  }
}
