import { Command, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from '../../contracts.js';
import { perMs } from '../../monitoring/feed-settings.js';
import { parseRowRange } from '../../sources/tables/row-range.js';
import { list, wholeNumber } from '../options.js';
import { replayComposed } from '../replay-compose.js';
import { type ReplayFlags, replayFiles } from '../replay-files.js';

export function replayCommand(): Command {
  return new Command('replay')
    .description('send recordings through the live path, as fast as the machine allows, and print the events')
    .argument('[files...]', 'recordings, one after the other: files or folders')
    .option('--model <folder>', 'model package')
    .option('--rows <from:to>', 'tables: only these data rows, counted from 1', parseRowRange)
    .option('--channel <n>', 'sound: channel, counted from 0; several (0,2): one after the other', channels, [0])
    .option('--false-alarms <n>', 'false-alarm budget: at most this many …; --compose: several (1,10)', counts, [1])
    .addOption(new Option('--per <time>', '… per').choices(Object.keys(perMs)).default('week'))
    .option('--machine <name>', 'name of the feed and the machine in events and topics', 'replay')
    .option('--start <time>', 'time of the first sample, such as 2026-03-01T06:00Z; default 1970, or now', time)
    .option('--store <file.sqlite>', 'keep events, scores and clips as the service does')
    .option('--mqtt <url>', 'tell a broker as the service does: mqtt://host:1883')
    .option('--site <name>', 'site in the MQTT topics', 'replay')
    .option('--json', 'one JSON object an event, a line each; --compose: one object')
    .optionsGroup('A composed stream:')
    .option('--compose', 'join recordings to hours of labelled sound, and say what was raised, missed and false')
    .option('--normal <path...>', 'recordings of normal running: files or folders')
    .option('--faults <path...>', 'recordings of faults')
    .option('--background <path...>', 'other sounds of the place, mixed into normals and faults alike')
    .option('--snr <dB>', "the normals' mean level over that of every background sound", decibels, 0)
    .option('--background-share <0…1>', 'share of time with background; below 1: in episodes', share, 1)
    .addOption(
      new Option('--level <policy>', 'faults and normals as recorded, or all at the mean level of the normals')
        .choices(['keep', 'match'])
        .default('keep'),
    )
    .option('--hours <h>', 'length of the stream', positive, 1)
    .option('--fault-seconds <s>', 'length of a fault', positive, 10)
    .option('--every <s>', 'mean time from fault to fault', positive, 120)
    .option('--seed <n>', 'the same seed gives the same stream', wholeNumber, 0)
    .option('--out <file.wav>', 'write the stream, and beside it what is where: file.labels.csv')
    .addHelpText('after', help)
    .action(run);
}

const help = `
Examples:
  $ auscult replay --model models/pump-00 recording.wav
  $ auscult replay --model models/rig --rows 401: rig.csv --json
  $ auscult replay --model models/pump-00 --store site.sqlite --mqtt mqtt://localhost recordings/
  $ auscult replay --model models/pump --compose --normal test/normal --faults test/abnormal \\
      --background noises --snr 0 --hours 4 --false-alarms 1,10 --per week
  $ auscult replay --compose --normal train/ --background other-noises --hours 2 --out site.wav

A composed stream is shuffled normals, cross-faded over 50 ms at equal power so that a joint is no event; every --every
seconds one fault takes their place. An alarm during a fault, or until the longest statistic has forgotten it, belongs to
it; any other is false. Loudness gives faults away: state --level match beside --level keep. Normals must not be those
that the model was trained on: a package does not know its recordings, so this cannot be checked. A model is only as good
as the conditions it was commissioned under: train it on normals with other background sounds at the same level (last
example, without --model), if the stream has background.`;

function run(paths: string[], flags: ReplayFlags): Promise<void> {
  if (flags.compose) {
    if (paths.length > 0)
      throw new ConfigError(`--compose: takes --normal, --faults and --background, not ${paths[0]}`);
    return replayComposed(flags);
  }
  const stray = (['normal', 'faults', 'background', 'out'] as const).find((name) => flags[name] !== undefined);
  if (stray) throw new ConfigError(`--${stray}: expected --compose with it`);
  return replayFiles(paths, flags);
}

function number(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError(`expected a number, found "${text}"`);
  return value;
}

function positive(text: string): number {
  const value = number(text);
  if (value <= 0) throw new InvalidArgumentError(`expected more than 0, found "${text}"`);
  return value;
}

function decibels(text: string): number {
  const value = number(text);
  if (Math.abs(value) > 120) throw new InvalidArgumentError(`expected −120 to 120 dB, found "${text}"`);
  return value;
}

function share(text: string): number {
  const value = number(text);
  if (value < 0 || value > 1) throw new InvalidArgumentError(`expected 0 to 1, found "${text}"`);
  return value;
}

const counts = (text: string): number[] => list(text).map(positive);
const channels = (text: string): number[] => list(text).map(wholeNumber);

function time(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError(`expected a time such as 2026-03-01T06:00Z, found "${text}"`);
  return ms;
}
