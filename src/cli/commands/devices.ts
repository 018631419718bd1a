import { Command } from 'commander';
import { listDevices } from '../../sources/audio/index.js';
import { printJson, printTable } from '../output.js';

export function devicesCommand(): Command {
  return new Command('devices')
    .description('list microphones by the stable names that the configuration takes')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  $ auscult devices')
    .action(async ({ json }: { json?: boolean }) => {
      const devices = await listDevices();
      if (json) printJson(devices);
      else
        printTable(
          ['device', 'what it is'],
          devices.map(({ name, description }) => [name, description]),
        );
    });
}
