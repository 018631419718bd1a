import { Command } from 'commander';
import { perMs } from '../../monitoring/feed-settings.js';
import { replay } from '../../monitoring/replay.js';
import { parseRowRange, type RowRange } from '../../sources/tables/row-range.js';
import { interruptSignal, wholeNumber } from '../options.js';
import { printJson, printLine, printTable, short } from '../output.js';
import { optionsFor, recordedFiles, recordedSource } from '../recorded.js';

interface Flags {
  model: string;
  rows?: RowRange;
  channel: number;
  falseAlarms: number;
  per: keyof typeof perMs;
  json?: boolean;
}

export function replayCommand(): Command {
  return new Command('replay')
    .description('send recordings through the live path, as fast as the machine allows, and print the events')
    .argument('<files...>', 'recordings, one after the other: files or folders')
    .requiredOption('--model <folder>', 'model package')
    .option('--rows <from:to>', 'tables: only these data rows, counted from 1', parseRowRange)
    .option('--channel <n>', 'sound: channel, counted from 0', wholeNumber, 0)
    .option('--false-alarms <n>', 'false-alarm budget: at most this many …', Number, 1)
    .option('--per <time>', '… per hour, day, week, month or year', 'week')
    .option('--json', 'one JSON object an event, a line each')
    .addHelpText(
      'after',
      `
Examples:
  $ auscult replay --model models/pump-00 recording.wav
  $ auscult replay --model models/rig --rows 401: rig.csv --json`,
    )
    .action(run);
}

async function run(paths: string[], flags: Flags): Promise<void> {
  const signal = interruptSignal();
  const { events, manifest, windows, endMs, troubles, notes } = await replay({
    model: flags.model,
    budget: { falseAlarms: flags.falseAlarms, perMs: perMs[flags.per] },
    open: async ({ modality, features }) =>
      recordedSource(modality, await recordedFiles(modality, paths), {
        feed: 'replay',
        machine: 'replay',
        ...optionsFor(features),
        channel: flags.channel,
        rows: flags.rows,
        startMs: 0,
      }),
    signal,
  });
  for (const line of troubles) process.stderr.write(`auscult: ${line}\n`);
  if (troubles.length > 0) process.exitCode = 1;
  for (const line of notes) process.stderr.write(`auscult: ${line}\n`);
  const shown = events.map(
    ({ kind, code, raisedMs, clearedMs, peak, peakMs, threshold, pValue, words, contribution }) => ({
      ...{
        kind,
        code,
        start: when(raisedMs),
        end: when(clearedMs ?? endMs),
        open: clearedMs === null,
        peak,
        peakAt: when(peakMs),
        threshold,
        pValue,
      },
      ...{ words, contribution },
    }),
  );
  if (flags.json) return shown.forEach(printJson);
  printTable(
    ['start', 'end', 'kind', 'peak', 'threshold', 'what'],
    shown.map((e) => [e.start, e.open ? 'open' : e.end, e.code ?? e.kind, short(e.peak), short(e.threshold), e.words]),
  );
  printLine(`${events.length} event${events.length === 1 ? '' : 's'} in ${windows} windows, model ${manifest.name}`);
}

/** Tables carry their own time; sound starts at the epoch, so that the time of day is the position in the recording. */
function when(ms: number): string {
  return new Date(ms).toISOString();
}
