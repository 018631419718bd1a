import { Command } from 'commander';
import { stringify } from 'yaml';
import { configJsonSchema } from '../../config/load.js';
import { withoutSecrets } from '../../config/secrets.js';
import { readConfig } from '../configuration.js';
import { printJson, printLine } from '../output.js';

export function configCommand(): Command {
  const file = ['--config <file>', 'configuration file', 'config/auscult.yaml'] as const;
  return new Command('config')
    .description('check, print or describe the configuration')
    .addCommand(
      new Command('check')
        .description('name every mistake, or say that there is none')
        .option(...file)
        .action(({ config }: { config: string }) => {
          const { feeds } = readConfig({ file: config });
          printLine(
            `${config}: fine, ${feeds.length} feed${feeds.length === 1 ? '' : 's'}: ${feeds.map((f) => f.name).join(', ')}`,
          );
        }),
    )
    .addCommand(
      new Command('print')
        .description('the configuration with defaults and environment, without secrets')
        .option(...file)
        .option('--json', 'as JSON')
        .action(({ config, json }: { config: string; json?: boolean }) => {
          const value = withoutSecrets(readConfig({ file: config }));
          if (json) printJson(value);
          else process.stdout.write(stringify(value));
        }),
    )
    .addCommand(
      new Command('schema').description('JSON Schema of the file, for editors').action(() => {
        printLine(JSON.stringify(configJsonSchema(), null, 2));
      }),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ auscult config check\n  $ AUSCULT_MQTT__URL=mqtt://broker auscult config print\n',
    );
}
