import { Command, Option } from 'commander';
import { DATASETS } from '../../evaluation/datasets/index.js';
import { PROTOCOLS } from '../../evaluation/split.js';
import { METHODS } from '../../scorers/methods.js';
import type { EvaluateFlags } from '../evaluate-flags.js';
import { evaluateSkabRuns } from '../evaluate-skab.js';
import { evaluateTable } from '../evaluate-table.js';
import { atLeastOne, gather, list, wholeNumber } from '../options.js';

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('compare methods on labelled data by the protocols of the literature')
    .addOption(
      new Option('--dataset <name>', 'what the data are')
        .choices([...DATASETS.map(({ name }) => name), 'skab'])
        .makeOptionMandatory(),
    )
    .requiredOption(
      '--data <path>',
      'the file, as it is published (skab: its folder); CSV and JSON lines may be gzipped',
    )
    .option('--method <names>', `${METHODS.map(({ name }) => name).join(', ')}; or all`, list, ['dagmm'])
    .option('--preset <name>', "one of the methods' recipes, such as robust or paper; all: each of them")
    .option('--recipe <name>', 'the same as --preset')
    .addOption(
      new Option('--protocol <name>', 'how rows are split and flagged').choices([...PROTOCOLS]).default('paper'),
    )
    .option('--seeds <n>', 'trials of each method; the i-th uses the same split for all of them', atLeastOne, 5)
    .option('--seed <n>', 'seed of the first trial', wholeNumber, 0)
    .option('--split-seed <n>', 'one split for all trials: what is left is the spread of the method', wholeNumber)
    .option('--label-column <name>', 'csv: the column that says which rows are anomalous')
    .option('--anomaly-label <value>', 'csv: its value for them, if not 1, true, anomaly or outlier')
    .option('--exclude <columns>', 'csv, skab: columns to leave out, separated by commas', list, [])
    .option('--set <name=value>', 'another hyper-parameter, for every method that has it; may be repeated', gather, [])
    .option('--jobs <n>', 'trials at a time; by default one a core, as far as memory allows', atLeastOne)
    .option('--threads <n>', 'threads of one trial; with 1 its figures are repeatable to the bit', atLeastOne, 1)
    .option('--report <file.html>', 'also write curves, histograms and latent spaces to one self-contained page')
    .option('--cache <folder>', 'where finished trials are kept; by default in the cache folder of the user')
    .option('--fresh', 'run every trial anew')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  $ auscult evaluate --dataset thyroid --data thyroid.csv.gz --method all --report thyroid.html
  $ auscult evaluate --dataset kddcup99 --data kddcup.data_10_percent.gz --method dagmm --preset paper
  $ auscult evaluate --dataset skab --data SKAB/data --method dagmm,gmm --seeds 3
  $ auscult evaluate --dataset csv --data rig.csv --label-column faulty --anomaly-label yes --json

An interrupted evaluation goes on where it was when the same command is given again.`,
    )
    .action((flags: EvaluateFlags) => (flags.dataset === 'skab' ? evaluateSkabRuns(flags) : evaluateTable(flags)));
}
