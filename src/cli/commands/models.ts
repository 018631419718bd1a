import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { AuscultError, ConfigError, type Manifest } from '../../contracts.js';
import { describeBudget } from '../../decision/threshold.js';
import { perMs } from '../../monitoring/feed-settings.js';
import { readManifest } from '../../scorers/package-files.js';
import { complain, printJson, printTable } from '../output.js';

const week = { falseAlarms: 1, perMs: perMs.week };

export function modelsCommand(): Command {
  return new Command('models')
    .description('list model packages and what each can promise')
    .argument('[folder]', 'folder of packages', 'models')
    .option('--json', 'one JSON manifest a line')
    .addHelpText('after', '\nExample:\n  $ auscult models\n')
    .action(async (folder: string, { json }: { json?: boolean }) => {
      const manifests = await readAll(folder);
      if (json) for (const manifest of manifests) printJson(manifest);
      else
        printTable(
          ['name', 'sees', 'recipe', 'rows', 'made', 'promise'],
          manifests.map((m) => [
            m.name,
            m.features.kind,
            m.training.recipe,
            m.training.rows,
            m.createdAt.slice(0, 10),
            describeBudget(m.calibration, week),
          ]),
        );
    });
}

async function readAll(folder: string): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for (const name of namesIn(folder)) {
    try {
      manifests.push(await readManifest(join(folder, name)));
    } catch (error) {
      if (!(error instanceof AuscultError)) throw error;
      complain(error.message);
      process.exitCode = 1;
    }
  }
  return manifests;
}

/** Folders, or links to them, that hold a package; previous and unfinished ones are left out. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !/^\.|\.(previous|partial)$/.test(name) && existsSync(join(folder, name, 'model.json')))
      .sort();
  } catch (cause) {
    throw new ConfigError(
      `${folder}: expected a folder of model packages, found ${(cause as NodeJS.ErrnoException).code}`,
      { cause },
    );
  }
}
