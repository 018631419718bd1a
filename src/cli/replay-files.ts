/** `auscult replay`: recordings as they are. */
import { ConfigError } from '../contracts.js';
import { perMs } from '../monitoring/feed-settings.js';
import { type Replayed, replay } from '../monitoring/replay.js';
import type { RowRange } from '../sources/tables/row-range.js';
import { interruptSignal } from './options.js';
import { complain, printJson, printLine, printTable, short } from './output.js';
import { optionsFor, recordedFiles, recordedSource } from './recorded.js';
import { openOutlet } from './replay-outlet.js';

/** What `auscult replay` was asked. */
export interface ReplayFlags {
  readonly model?: string;
  readonly rows?: RowRange;
  readonly channel: readonly number[];
  readonly falseAlarms: readonly number[];
  readonly per: keyof typeof perMs;
  readonly machine: string;
  readonly start?: number;
  readonly store?: string;
  readonly mqtt?: string;
  readonly site: string;
  readonly json?: boolean;
  readonly compose?: boolean;
  readonly normal?: readonly string[];
  readonly faults?: readonly string[];
  readonly background?: readonly string[];
  readonly snr: number;
  readonly backgroundShare: number;
  readonly level: 'keep' | 'match';
  readonly hours: number;
  readonly faultSeconds: number;
  readonly every: number;
  readonly seed: number;
  readonly out?: string;
}

export async function replayFiles(paths: readonly string[], flags: ReplayFlags): Promise<void> {
  const { model, falseAlarms, channel: channels } = flags;
  if (model === undefined) throw new ConfigError('--model: expected a model package');
  if (paths.length === 0) throw new ConfigError('files: expected recordings, or --compose');
  const [count, ...more] = falseAlarms;
  if (count === undefined || more.length > 0)
    throw new ConfigError('--false-alarms: expected one number without --compose');
  const budget = { falseAlarms: count, perMs: perMs[flags.per] };
  const signal = interruptSignal();
  const outlet = openOutlet(flags, complain);
  try {
    for (const channel of channels) {
      const replayed = await replay({
        ...{ model, budget, signal, machine: flags.machine, outlet: outlet ?? undefined },
        open: async ({ modality, features }) =>
          recordedSource(modality, await recordedFiles(modality, paths, flags), {
            ...{ feed: flags.machine, machine: flags.machine, ...optionsFor(features), channel, rows: flags.rows },
            startMs: startOf(flags),
          }),
      });
      print(replayed, channels.length > 1 ? channel : null, flags);
    }
  } finally {
    await outlet?.close();
  }
}

/** Sound starts at the epoch, so that the time of day is the position in the recording; what is stored or told, now. */
export function startOf({ start, store, mqtt }: ReplayFlags): number {
  return start ?? (store || mqtt ? Date.now() : 0);
}

/** Says what could not be used, one line each and how many; the exit code tells, too. */
export function sayTroubles(troubles: readonly string[]): void {
  for (const line of troubles) complain(line);
  if (troubles.length === 0) return;
  complain(`${troubles.length} thing${troubles.length === 1 ? '' : 's'} could not be used, the rest was`);
  process.exitCode = 1;
}

function print(
  { events, manifest, windows, endMs, troubles, notes }: Replayed,
  channel: number | null,
  flags: ReplayFlags,
) {
  sayTroubles(troubles);
  notes.forEach(complain);
  const shown = events.map(
    ({ kind, code, raisedMs, clearedMs, peak, peakMs, threshold, pValue, words, contribution }) => ({
      ...{ kind, code, ...(channel === null ? {} : { channel }) },
      ...{ start: when(raisedMs), end: when(clearedMs ?? endMs), open: clearedMs === null },
      ...{ peak, peakAt: when(peakMs), threshold, pValue, words, contribution },
    }),
  );
  if (flags.json) return shown.forEach(printJson);
  if (channel !== null) printLine(`channel ${channel}`);
  printTable(
    ['start', 'end', 'kind', 'peak', 'threshold', 'what'],
    shown.map((e) => [e.start, e.open ? 'open' : e.end, e.code ?? e.kind, short(e.peak), short(e.threshold), e.words]),
  );
  printLine(`${events.length} event${events.length === 1 ? '' : 's'} in ${windows} windows, model ${manifest.name}`);
}

/** Tables carry their own time. */
function when(ms: number): string {
  return new Date(ms).toISOString();
}
