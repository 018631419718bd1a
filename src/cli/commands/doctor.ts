import { Command } from 'commander';
import type { Config } from '../../config/load.js';
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
  const engine = await engineChecks();
  const checks: Check[] = [
    node(),
    ...engine,
    await program('arecord', ['--version'], 'alsa-utils', 'microphones need it'),
    await program('sox', ['--version'], 'sox', 'only for recorder: sox'),
    await program('ffmpeg', ['-version'], 'ffmpeg', 'only for ffmpeg feeds'),
    ...(await configured(file, engine)),
  ];
  if (json) printJson(checks);
  else for (const { what, result, detail } of checks) printLine(`${result.padEnd(8)} ${what}: ${detail}`);
  if (checks.some(({ result }) => result === 'wrong')) process.exitCode = 1;
}

async function configured(file: string, engine: readonly Check[]): Promise<Check[]> {
  try {
    const config = readConfig({ file });
    const models = await Promise.all(config.feeds.map(feedModel));
    return [
      { what: `configuration ${file}`, result: 'fine', detail: `${config.feeds.length} feeds` },
      ...forcedDevice(config.engine.device, engine),
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

/** A device that is forced and does not work here: the service refuses to start, or learning fails. */
function forcedDevice(device: Config['engine']['device'], engine: readonly Check[]): Check[] {
  const found = engine.find(({ what }) => what === `engine on ${device}`);
  if (device === 'auto' || found?.result === 'fine') return [];
  const detail = `expected a device that works here: ${found?.detail ?? 'none of that name was found'}`;
  return [{ what: `engine.device ${device}`, result: 'wrong', detail }];
}
