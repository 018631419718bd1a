import { Command } from 'commander';
import { readConfig } from '../configuration.js';
import { serve } from '../serve.js';

export function runCommand(): Command {
  return new Command('run')
    .description('monitor the configured feeds until told to stop')
    .option('--config <file>', 'configuration file', 'config/auscult.yaml')
    .addHelpText(
      'after',
      `
Examples:
  $ auscult run
  $ AUSCULT_MQTT__URL=mqtt://broker.plant:1883 auscult run --config /etc/auscult/auscult.yaml

SIGTERM or Ctrl-C stops capture, flushes, publishes offline and exits 0.`,
    )
    .action(async ({ config: file }: { config: string }) => {
      const config = readConfig({ file });
      await serve(config, ({ page, broker }) =>
        [`listening to ${config.feeds.length} feeds`, page && `page ${page}`, broker && `broker ${broker}`]
          .filter(Boolean)
          .join(', '),
      );
    });
}
