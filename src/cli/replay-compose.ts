/** `auscult replay --compose`: a stream that is made, heard and judged; or only written, to be learnt from. */

import { closeSync, openSync, writeSync } from 'node:fs';
import { ConfigError, SourceError } from '../contracts.js';
import { ClipPool } from '../evaluation/compose/clip-pool.js';
import { type Composition, composedSource, fadeSamples, type Label } from '../evaluation/compose/composed-source.js';
import { type BudgetResult, type ComposedResult, runComposed } from '../evaluation/compose/run.js';
import { perMs } from '../monitoring/feed-settings.js';
import { readPackage } from '../scorers/package-files.js';
import { WavWriter } from '../sources/wav-writer.js';
import { interruptSignal } from './options.js';
import { complain, printJson, printLine, printTable, short } from './output.js';
import { recordedFiles } from './recorded.js';
import { type ReplayFlags, sayTroubles, startOf } from './replay-files.js';
import { openOutlet } from './replay-outlet.js';

/** Of a stream that no model hears. */
const usualRateHz = 16_000;

export async function replayComposed(flags: ReplayFlags): Promise<void> {
  const signal = interruptSignal();
  const troubles: string[] = [];
  const composition = await compositionOf(flags, await rateOf(flags), (line) => troubles.push(line));
  const written = flags.out === undefined ? null : new WrittenStream(flags.out, composition.sampleRateHz);
  const meter = new ClippingMeter();
  const onBlock = (samples: Float32Array): void => {
    meter.add(samples);
    written?.samples(samples);
  };
  const listeners = { onBlock, onLabel: (label: Label) => written?.label(label) };
  try {
    if (flags.model === undefined) await writeOnly(composition, listeners, signal);
    else await judge(flags.model, composition, listeners, flags, signal);
  } finally {
    written?.close();
  }
  if (meter.clipped > 0) complain(`${meter.clipped} samples of the sum were beyond full scale and were clipped`);
  if (written) complain(`${flags.out}: ${flags.hours} h; what is where: ${written.labelsPath}`);
  sayTroubles(troubles);
}

async function rateOf({ model, out }: ReplayFlags): Promise<number> {
  if (model === undefined) {
    if (out === undefined)
      throw new ConfigError('--compose: expected --model to judge the stream or --out to write it');
    return usualRateHz;
  }
  const { features } = (await readPackage(model)).manifest;
  if (!('mel' in features))
    throw new ConfigError(`--compose: expected a model of sound, ${model} is of ${features.kind}`);
  return features.mel.sampleRateHz;
}

async function compositionOf(
  flags: ReplayFlags,
  sampleRateHz: number,
  onSkip: (line: string) => void,
): Promise<Composition> {
  const { normal, faults, background, channel } = flags;
  if (!normal) throw new ConfigError('--normal: expected recordings of normal running');
  const options = { sampleRateHz, channel: channel[0], shortest: 2 * fadeSamples(sampleRateHz), onSkip };
  const pool = async (what: string, paths: readonly string[]) =>
    ClipPool.open(what, await recordedFiles('audio', paths, {}), options);
  const composition = {
    normals: await pool('--normal', normal),
    faults: faults ? await pool('--faults', faults) : null,
    background: background ? await pool('--background', background) : null,
  };
  sayDoubles(composition);
  const { snr: snrDb, backgroundShare, level, hours, faultSeconds, every: everySeconds, seed } = flags;
  if (everySeconds < 2 * faultSeconds)
    throw new ConfigError(
      `--every: expected at least twice --fault-seconds (${2 * faultSeconds}), found ${everySeconds}`,
    );
  return { ...composition, snrDb, backgroundShare, level, hours, faultSeconds, everySeconds, seed, sampleRateHz };
}

/** A recording that is in both folders makes every figure wrong. */
function sayDoubles({ normals, faults }: Pick<Composition, 'normals' | 'faults'>): void {
  const known = new Map(normals.clips.map(({ digest, path }) => [digest, path]));
  for (const { digest, path } of faults?.clips ?? []) {
    if (known.has(digest)) complain(`${path}: the same sound is among the normals: ${known.get(digest)}`);
  }
}

type Listeners = { readonly onBlock: (samples: Float32Array) => void; readonly onLabel: (label: Label) => void };

async function writeOnly(composition: Composition, listeners: Listeners, signal: AbortSignal): Promise<void> {
  const source = composedSource(composition, { ...listeners, feed: 'compose', machine: 'compose' });
  for await (const _ of source.stream(signal)) signal.throwIfAborted();
  signal.throwIfAborted();
}

async function judge(
  model: string,
  composition: Composition,
  listeners: Listeners,
  flags: ReplayFlags,
  signal: AbortSignal,
): Promise<void> {
  const [first, ...rest] = flags.falseAlarms.map((count) => ({ falseAlarms: count, perMs: perMs[flags.per] }));
  if (!first) throw new ConfigError('--false-alarms: expected at least one number');
  const outlet = openOutlet(flags, complain);
  const started = performance.now();
  try {
    const machine = flags.machine;
    const budgets = [first, ...rest] as const;
    const result = await runComposed({
      ...{ model, composition, budgets, signal, machine, ...listeners },
      startMs: startOf(flags),
      outlet: outlet ?? undefined,
    });
    sayTroubles(result.troubles);
    const seconds = (performance.now() - started) / 1000;
    if (flags.json) printJson(jsonOf(result, flags, seconds));
    else printResult(result, flags, seconds);
  } finally {
    await outlet?.close();
  }
}

function jsonOf({ manifest, budgets, ...result }: ComposedResult, flags: ReplayFlags, seconds: number) {
  const { seed, snr, level, backgroundShare, faultSeconds, every } = flags;
  const made = {
    seed,
    level,
    snrDb: flags.background ? snr : null,
    backgroundShare,
    faultSeconds,
    everySeconds: every,
  };
  const { troubles: _, ...rest } = result;
  return { model: manifest.name, modelDigest: manifest.modelDigest, ...made, ...rest, seconds, budgets };
}

function printResult(result: ComposedResult, flags: ReplayFlags, seconds: number): void {
  const { manifest, hours, windows, toleranceMs, sensorFaults } = result;
  const background = flags.background ? `background at ${flags.snr} dB` : 'no background';
  const level = flags.level === 'match' ? 'level-matched' : 'as recorded';
  printLine(`${hours.toFixed(2)} h, ${level}, ${background}, ${windows} windows, model ${manifest.name}`);
  printTable(
    ['budget', 'normal h', 'false', 'per hour (95 %)', 'faults', 'raised', 'missed', 'delay median', '90 %'],
    result.budgets.map((budget) => rowOf(budget, flags.per)),
  );
  for (const { promised, budget } of result.budgets)
    printLine(`${budgetName(budget.falseAlarms, flags.per)}: ${promised}`);
  printLine(`an alarm until ${seconds1(toleranceMs)} after a fault belongs to it`);
  const hidden = result.budgets[0]?.hidden ?? 0;
  if (hidden > 0) printLine(`${hidden} of the missed faults began while an alarm was still open`);
  if (sensorFaults > 0) printLine(`${sensorFaults} sensor faults`);
  printLine(`${seconds.toFixed(1)} s: ${Math.round((hours * 3600) / seconds)} times real time`);
}

function rowOf(result: BudgetResult, per: string): (string | number)[] {
  const { budget, normalHours, falseAlarms, falseAlarmsPerHour, interval, faults, raised, missed, raisedShare } =
    result;
  const rate = `${short(falseAlarmsPerHour)} (${interval.map(short).join('–')})`;
  const share = raisedShare === null ? '–' : `${raised} (${(100 * raisedShare).toFixed(1)} %)`;
  return [
    ...[budgetName(budget.falseAlarms, per), normalHours.toFixed(2), falseAlarms, rate, faults, share, missed],
    ...[result.delayMedianMs, result.delay90Ms].map((ms) => (ms === null ? '–' : seconds1(ms))),
  ];
}

const budgetName = (falseAlarms: number, per: string): string => `${short(falseAlarms)} a ${per}`;
const seconds1 = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

class ClippingMeter {
  clipped = 0;

  add(samples: Float32Array): void {
    for (let i = 0; i < samples.length; i++) if (Math.abs(samples[i] as number) >= 32_767 / 32_768) this.clipped++;
  }
}

/** The stream as 16-bit WAV, and beside it one line for every piece: seconds, label, file. */
class WrittenStream {
  readonly labelsPath: string;
  readonly #wav: WavWriter;
  readonly #labels: number;

  /** @throws {SourceError} naming the file that cannot be written, as do the others */
  constructor(
    private readonly path: string,
    private readonly sampleRateHz: number,
  ) {
    this.labelsPath = path.replace(/(\.wave?)?$/i, '.labels.csv');
    this.#wav = writing(path, () => WavWriter.open(path, sampleRateHz));
    this.#labels = writing(this.labelsPath, () => openSync(this.labelsPath, 'w'));
    this.#write('start_s,end_s,label,file\n');
  }

  samples(samples: Float32Array): void {
    writing(this.path, () => this.#wav.write(samples));
  }

  label({ start, end, label, path }: Label): void {
    const file = /[",\n]/.test(path) ? `"${path.replaceAll('"', '""')}"` : path;
    this.#write(`${this.#seconds(start)},${this.#seconds(end)},${label},${file}\n`);
  }

  #write(line: string): void {
    writing(this.labelsPath, () => writeSync(this.#labels, line));
  }

  #seconds(samples: number): string {
    return (samples / this.sampleRateHz).toFixed(4);
  }

  close(): void {
    writing(this.path, () => this.#wav.close());
    closeSync(this.#labels);
  }
}

function writing<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    const [why] = (cause as Error).message.split(', ');
    throw new SourceError(`--out: ${path} cannot be written: ${why}`, { cause });
  }
}
