import { Command, Option } from 'commander';
import { commission } from '../../commissioning/commission.js';
import { shareDone } from '../../commissioning/learn.js';
import {
  PRESETS,
  type PresetRequest,
  presetNamed,
  presetRequest,
  RECORDED_SOUND_PRESET,
} from '../../commissioning/presets/index.js';
import { describeBudget } from '../../decision/threshold.js';
import { parseAssignment, settingsOf } from '../../evaluation/settings.js';
import { perMs } from '../../monitoring/feed-settings.js';
import { METHODS, methodNamed, recipeOf } from '../../scorers/methods.js';
import { parseRowRange, type RowRange } from '../../sources/tables/row-range.js';
import { gather, interruptSignal, list, secondsRange, wholeNumber } from '../options.js';
import { complain, printJson, printLine } from '../output.js';
import { Progress } from '../progress.js';
import { recordedFiles, recordedSource } from '../recorded.js';
import { sayTroubles } from '../replay-files.js';

interface Flags {
  preset: string;
  method?: string;
  recipe?: string;
  set: string[];
  encoder?: string;
  data: string[];
  out: string;
  seed: number;
  rows?: RowRange;
  seconds?: { from: number; to: number };
  channel: number;
  level: 'keep' | 'match';
  exclude: string[];
  threads: number;
  device: (typeof devices)[number];
  json?: boolean;
}

const devices = ['auto', 'cpu', 'webgpu', 'cuda', 'tensorflow'] as const;
const week = { falseAlarms: 1, perMs: perMs.week };

export function trainCommand(): Command {
  return new Command('train')
    .description('learn what is normal from recordings of normal running, and write a model package')
    .addOption(
      new Option('--preset <name>', 'what the model sees, and how it learns')
        .choices(PRESETS.map(({ name }) => name))
        .default(RECORDED_SOUND_PRESET),
    )
    .addOption(
      new Option('--method <name>', "another way of learning than the preset's").choices(
        METHODS.map(({ name }) => name),
      ),
    )
    .option('--recipe <name>', "one of the method's recipes: robust (default) or paper of dagmm")
    .option('--set <name=value>', 'another hyper-parameter of the method; may be repeated', gather, [])
    .option('--encoder <files>', 'encoder-knn: ONNX files of a pretrained encoder, separated by commas')
    .requiredOption('--data <path...>', 'WAV or picture files or folders, CSV or JSON-lines files: normal running only')
    .requiredOption('--out <folder>', 'folder of the package; an old one is kept as <folder>.previous')
    .option('--rows <from:to>', 'tables: only these data rows, counted from 1', parseRowRange)
    .option('--seconds <from:to>', 'sound: only this stretch of every file', secondsRange)
    .option('--channel <n>', 'sound: channel, counted from 0', wholeNumber, 0)
    .addOption(
      new Option('--level <policy>', 'sound: judge it as recorded, or at equal loudness')
        .choices(['keep', 'match'])
        .default('keep'),
    )
    .option('--exclude <columns>', 'tables: columns to leave out, separated by commas', list, [])
    .option('--seed <n>', 'the same seed gives the same bits', wholeNumber, 0)
    .option('--threads <n>', 'CPU threads', wholeNumber, 1)
    .addOption(new Option('--device <name>', 'where it is trained').choices([...devices]).default('cpu'))
    .option('--json', 'print the manifest as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ auscult train --data recordings/ --out models/pump
  $ auscult train --preset mel-frames --data recordings/ --out models/pump-quick
  $ auscult train --preset table --data rig.csv --rows 1:400 --out models/rig
  $ auscult train --preset table --method knn --data rig.csv --out models/rig-knn
  $ auscult train --preset image-flat --data photos/good --out models/casting

An interrupted training goes on where it was when the same command is given again.
What cannot be read is skipped and named; then the exit code is 1, though the package is written.`,
    )
    .action(train);
}

async function train(flags: Flags): Promise<void> {
  const kind = presetNamed(flags.preset).modality;
  const asked = presetRequest(flags.preset, { level: flags.level, exclude: flags.exclude });
  const files = await recordedFiles(kind, flags.data, flags);
  const progress = new Progress('training', process.stderr.isTTY === true);
  const troubles: string[] = [];
  const notes: string[] = [];
  try {
    const manifest = await commission({
      open: () =>
        recordedSource(kind, files, {
          feed: 'train',
          machine: 'train',
          channel: flags.channel,
          seconds: flags.seconds,
          rows: flags.rows,
          startMs: 0,
        }),
      ...asked,
      ...chosenMethod(asked, flags),
      seed: flags.seed,
      threads: Math.max(1, flags.threads),
      device: flags.device,
      out: flags.out,
      signal: interruptSignal(),
      onProgress: (step) =>
        progress.update(
          shareDone(step),
          step.loss === null ? step.stage : `${step.stage}, loss ${step.loss.toPrecision(4)}`,
        ),
      onTrouble: (line) => troubles.push(line),
      onNote: (line) => notes.push(line),
    });
    progress.stop();
    notes.forEach(complain);
    sayTroubles(troubles);
    if (flags.json) return printJson(manifest);
    const { training, calibration, features } = manifest;
    printLine(
      `${flags.out}: ${training.rows} rows of ${training.files} file${training.files === 1 ? '' : 's'}, ${training.heldOutRows} held out, ${training.seconds} s`,
    );
    if (training.skippedSteps > 0) printLine(`steps skipped because they were not finite: ${training.skippedSteps}`);
    if (features.kind === 'table')
      for (const { name, reason } of features.dropped) printLine(`column ${name || '(unnamed)'} left out: ${reason}`);
    printLine(describeBudget(calibration, week));
  } finally {
    progress.stop();
  }
}

/** The preset's way of learning, or the one asked for. @throws {ConfigError} for a recipe or setting that it does not have */
function chosenMethod({ features, ...preset }: PresetRequest, flags: Flags) {
  const method = flags.method ?? preset.method ?? 'dagmm';
  const itsOwn = method === preset.method;
  const recipe = recipeOf(methodNamed(method), flags.recipe ?? (itsOwn ? preset.recipe : undefined));
  const run = { method, recipe };
  const assignments = [...(flags.encoder ? [`encoder=${flags.encoder}`] : []), ...flags.set];
  const rowKind = features.kind === 'learn-table' ? 'table' : features.kind;
  const [chosen] = settingsOf([run], assignments.map(parseAssignment), rowKind);
  return { ...run, settings: { ...(itsOwn ? preset.settings : {}), ...chosen?.settings } };
}
