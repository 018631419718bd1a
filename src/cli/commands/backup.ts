import { Command } from 'commander';
import { backupDatabase, databaseIn } from '../../store/index.js';
import { readConfig } from '../configuration.js';
import { printLine } from '../output.js';

export function backupCommand(): Command {
  return new Command('backup')
    .description('copy the database of a service (events, labels, scores), which may run meanwhile')
    .argument('<file>', 'where to; an older copy is replaced once the new one is whole')
    .option('--config <file>', 'configuration file', 'config/auscult.yaml')
    .addHelpText(
      'after',
      '\nExample:\n  $ auscult backup /mnt/backup/pumps.sqlite\n\nTo go back: stop the service, put the copy in place of auscult.sqlite in its dataDir and delete auscult.sqlite-wal there.\nClips are files of their own, in clips/ beside it.',
    )
    .action((file: string, { config }: { config: string }) => {
      const from = databaseIn(readConfig({ file: config }).dataDir);
      printLine(`${file}: ${backupDatabase(from, file)} events of ${from}`);
    });
}
