import { Command, Option } from 'commander';
import { DEFAULT_PRESETS, PRESETS, RECORDED_SOUND_PRESET } from '../../commissioning/presets/index.js';
import type { Modality } from '../../contracts.js';
import { forgetOld } from '../../evaluation/cache-age.js';
import { DATASETS } from '../../evaluation/datasets/index.js';
import { learnsTables } from '../../evaluation/method-request.js';
import { SOUND_LAYOUTS } from '../../evaluation/sound/layouts/index.js';
import { PROTOCOLS } from '../../evaluation/split.js';
import { METHODS } from '../../scorers/methods.js';
import { defaultCache, type EvaluateFlags, TABLE_PROTOCOL } from '../evaluate-flags.js';
import { evaluatePictureFolder } from '../evaluate-pictures.js';
import { evaluateSkabRuns } from '../evaluate-skab.js';
import { evaluateClips } from '../evaluate-sound.js';
import { evaluateTable } from '../evaluate-table.js';
import { atLeastOne, gather, list, wholeNumber } from '../options.js';

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('compare methods on labelled data by the protocols of the literature')
    .addOption(
      new Option('--dataset <name>', 'what the data are')
        .choices([
          ...DATASETS.map(({ name }) => name),
          'skab',
          'image-folder',
          ...SOUND_LAYOUTS.map(({ name }) => name),
        ])
        .makeOptionMandatory(),
    )
    .requiredOption(
      '--data <path>',
      'the file, as it is published (skab, sound and pictures: the folder); CSV and JSON lines may be gzipped',
    )
    .option(
      '--method <names>',
      `tables: ${METHODS.filter(learnsTables).map(nameOf).join(', ')} (default dagmm); sound: ${presetNames('audio')} (default ${RECORDED_SOUND_PRESET}); pictures: ${presetNames('image')} (default ${DEFAULT_PRESETS.image}); or all`,
      list,
    )
    .option('--preset <name>', "one of the methods' recipes, such as robust or paper; all: each of them")
    .option('--recipe <name>', 'the same as --preset')
    .addOption(
      new Option('--protocol <name>', `tables: how rows are split and flagged (default ${TABLE_PROTOCOL})`).choices([
        ...PROTOCOLS,
      ]),
    )
    .option(
      '--seeds <n>',
      'trials of each method, 5 by default, of sound and pictures 1; the i-th uses the same split for all of them',
      atLeastOne,
    )
    .option('--seed <n>', 'seed of the first trial', wholeNumber, 0)
    .option(
      '--split-seed <n>',
      'one split for all trials: what is left is the spread of the method; mimii, image-folder: which normals are judged',
      wholeNumber,
    )
    .option('--label-column <name>', 'csv: the column that says which rows are anomalous')
    .option('--anomaly-label <value>', 'csv: its value for them, if not 1, true, anomaly or outlier')
    .option('--exclude <columns>', 'csv, skab: columns to leave out, separated by commas', list)
    .option('--set <name=value>', 'another hyper-parameter, for every method that has it; may be repeated', gather, [])
    .addOption(
      new Option(
        '--level-match <how>',
        'sound: off: as recorded; on: every clip scaled to the level of the training clips (default both)',
      ).choices(['off', 'on', 'both']),
    )
    .option('--channel <n>', "sound: channel, counted from 0; by default the data set's usual one", wholeNumber)
    .option('--only <names>', 'sound: only these machine types, ids or sections, separated by commas', list)
    .option(
      '--folds <n>',
      'folder: cross-validate: normal clips of train/ are judged too, each by a model that did not learn it',
      atLeastOne,
    )
    .option('--jobs <n>', 'tables, sound: trials at a time; by default one a core, as far as memory allows', atLeastOne)
    .option(
      '--threads <n>',
      'not skab: threads of one trial; with 1, the default, its figures are repeatable to the bit',
      atLeastOne,
    )
    .option('--report <file.html>', 'also write curves, histograms and latent spaces to one self-contained page')
    .option('--encoder <files>', 'encoder-knn: ONNX files of a pretrained encoder, separated by commas')
    .option('--csv <folder>', "sound: also write scores and decisions as DCASE's CSV files")
    .option('--cache <folder>', 'not skab: where finished trials are kept; by default in the cache folder of the user')
    .option('--fresh', 'not skab: run every trial anew')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  $ auscult evaluate --dataset thyroid --data thyroid.csv.gz --method all --report thyroid.html
  $ auscult evaluate --dataset kddcup99 --data kddcup.data_10_percent.gz --method dagmm --preset paper
  $ auscult evaluate --dataset skab --data SKAB/data --method dagmm,gmm --seeds 3
  $ auscult evaluate --dataset mimii --data MIMII --only pump --method all --report mimii.html
  $ auscult evaluate --dataset folder --data fan --method mel-ensemble,rms-only --level-match both --json
  $ auscult evaluate --dataset image-folder --data casting --method image-flat,image-conv
  $ auscult evaluate --dataset csv --data rig.csv --label-column faulty --anomaly-label yes --json

An interrupted evaluation goes on where it was when the same command is given again; skab begins anew.`,
    )
    .action(evaluate);
}

async function evaluate(flags: EvaluateFlags): Promise<void> {
  await forgetOld(flags.cache ?? defaultCache(), Date.now());
  if (flags.dataset === 'skab') return evaluateSkabRuns(flags);
  if (flags.dataset === 'image-folder') return evaluatePictureFolder(flags);
  const isSound = SOUND_LAYOUTS.some(({ name }) => name === flags.dataset);
  return isSound ? evaluateClips(flags) : evaluateTable(flags);
}

const nameOf = ({ name }: { readonly name: string }): string => name;
const presetNames = (wanted: Modality): string =>
  PRESETS.filter(({ modality }) => modality === wanted)
    .map(nameOf)
    .join(', ');
