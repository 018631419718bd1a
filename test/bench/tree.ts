import { fileURLToPath } from 'node:url';

/** `run.mjs` bundles the bench into dist/bench/, two folders below the repository. */
const root = new URL('../../', import.meta.url);

export function repositoryPath(path: string): string {
  return fileURLToPath(new URL(path, root));
}
