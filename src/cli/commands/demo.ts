import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { readConfig } from '../configuration.js';
import { serve } from '../serve.js';
import { packageRoot } from '../version.js';

export function demoCommand(): Command {
  return new Command('demo')
    .description('two recorded pumps, normal → abnormal → normal, with an embedded broker and the page')
    .option('--data <folder>', 'folder of the SQLite file and the clips (default: AUSCULT_DATA_DIR, or data/demo)')
    .addHelpText(
      'after',
      '\nExample:\n  $ auscult demo\n  $ mosquitto_sub -v -t "auscult/#"        (in another terminal)',
    )
    .action(async ({ data }: { data?: string }) => {
      // Models and sound are Auscult's own; what is written belongs to the working directory.
      const written = data === undefined ? {} : { AUSCULT_DATA_DIR: resolve(data) };
      const env = { AUSCULT_DATA_DIR: resolve('data/demo'), ...process.env, ...written };
      const config = readConfig({ file: join(packageRoot, 'config', 'demo.yaml'), env, baseDir: packageRoot });
      await serve(
        config,
        ({ page, broker }) => `
Auscult demo: two pumps, each turning abnormal within the first minute and again every minute.

  page    ${page ?? '(off)'}
  MQTT    mosquitto_sub -v -p ${broker ? new URL(broker).port : '(off)'} -t 'auscult/#'
  data    ${config.dataDir}

Ctrl-C stops it.
`,
      );
    });
}
