import { Command } from 'commander';
import { AuscultError } from '../../contracts.js';
import { broker, type Check, dataFolder, feedInput, feedModel, node, pagePort, program } from '../checks.js';
import { readConfig } from '../configuration.js';
import { engineChecks } from '../engine-checks.js';
import { printJson, printLine } from '../output.js';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'say what works here and what is missing: programs, disk, broker, ports, models, devices of the engine',
    )
    .option('--config <file>', 'configuration file', 'config/auscult.yaml')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  $ auscult doctor')
    .action(doctor);
}

async function doctor({ config: file, json }: { config: string; json?: boolean }): Promise<void> {
  const checks: Check[] = [
    node(),
    ...(await engineChecks()),
    await program('arecord', ['--version'], 'alsa-utils', 'microphones need it'),
    await program('sox', ['--version'], 'sox', 'only for recorder: sox'),
    await program('ffmpeg', ['-version'], 'ffmpeg', 'only for ffmpeg feeds'),
    ...(await configured(file)),
  ];
  if (json) printJson(checks);
  else for (const { what, result, detail } of checks) printLine(`${result.padEnd(8)} ${what}: ${detail}`);
  if (checks.some(({ result }) => result === 'wrong')) process.exitCode = 1;
}

async function configured(file: string): Promise<Check[]> {
  try {
    const config = readConfig({ file });
    const models = await Promise.all(config.feeds.map(feedModel));
    return [
      { what: `configuration ${file}`, result: 'fine', detail: `${config.feeds.length} feeds` },
      dataFolder(config.dataDir),
      await broker(config),
      await pagePort(config),
      ...config.feeds.map(feedInput),
      ...models,
    ];
  } catch (error) {
    if (!(error instanceof AuscultError)) throw error;
    return error.message.split('\n').map((detail) => ({ what: 'configuration', result: 'wrong', detail }));
  }
}
