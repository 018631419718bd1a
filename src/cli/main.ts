#!/usr/bin/env node
/**
 * The command line: parse, call the rest, print. Results go to stdout, logs and progress to stderr.
 * Exit codes: 0 fine, 1 failed, 2 used wrongly.
 */
import { Command, CommanderError } from 'commander';
import { AuscultError, ConfigError } from '../contracts.js';
import { backupCommand } from './commands/backup.js';
import { configCommand } from './commands/config.js';
import { demoCommand } from './commands/demo.js';
import { devicesCommand } from './commands/devices.js';
import { doctorCommand } from './commands/doctor.js';
import { evaluateCommand } from './commands/evaluate.js';
import { exportCommand } from './commands/export.js';
import { learnCommand } from './commands/learn.js';
import { modelsCommand } from './commands/models.js';
import { replayCommand } from './commands/replay.js';
import { runCommand } from './commands/run.js';
import { scoreCommand } from './commands/score.js';
import { trainCommand } from './commands/train.js';
import { auscultVersion } from './version.js';

const program = new Command('auscult')
  .description('Listens to pumps, learns what normal sounds like, and alerts over MQTT when they change.')
  .version(auscultVersion)
  .showHelpAfterError('(auscult --help shows every command)')
  .configureHelp({ sortSubcommands: false })
  .addHelpText(
    'after',
    `
Examples:
  $ auscult demo                                     two recorded pumps, a broker and the page
  $ auscult train --preset mel-mean --data recordings/ --out models/pump
  $ auscult score --model models/pump clip.wav
  $ auscult run --config config/auscult.yaml
`,
  );

for (const command of [
  runCommand(),
  demoCommand(),
  learnCommand(),
  trainCommand(),
  scoreCommand(),
  evaluateCommand(),
  replayCommand(),
  modelsCommand(),
  exportCommand(),
  devicesCommand(),
  doctorCommand(),
  backupCommand(),
  configCommand(),
])
  program.addCommand(command);

for (const command of [program, ...program.commands, ...program.commands.flatMap((c) => c.commands)]) {
  command.exitOverride();
  requireLast(command);
}

// A reader that has seen enough (| head) is no failure, nor is a terminal that was closed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  process.exit();
});
// Nobody reads the log any more: a service that was left in the background goes on.
process.stderr.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Looks for required options when all that were given are known: a mistyped one is told as such, not as missing. */
function requireLast(command: Command): void {
  const required = command.options.filter(({ mandatory }) => mandatory);
  for (const option of required) option.mandatory = false;
  command.hook('preAction', () => {
    const missing = required.find((option) => command.getOptionValue(option.attributeName()) === undefined);
    if (missing) command.error(`error: required option '${missing.flags}' not specified`);
  });
}

/** Prints what a person can act on and returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof AuscultError) {
    process.stderr.write(`auscult: ${error.message}\n`);
    return error instanceof ConfigError ? 2 : 1;
  }
  process.stderr.write(`auscult: a defect of ours, please report it: ${(error as Error)?.stack ?? String(error)}\n`);
  return 1;
}
