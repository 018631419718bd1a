import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Compiles a TypeScript program of the tests, with what it imports from src/, so that plain Node can run it as a child.
 * The result lies within node_modules, where the packages that it imports are found.
 */
export function compileChild(source: string): string {
  const outfile = join(ROOT, 'node_modules', '.cache', 'auscult-test', `${source.replaceAll(/[^a-z-]+/g, '_')}.mjs`);
  mkdirSync(dirname(outfile), { recursive: true });
  buildSync({
    entryPoints: [join(ROOT, 'test', source)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  return outfile;
}
