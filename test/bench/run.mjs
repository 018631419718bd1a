/** Bundles bench.ts, which uses the sources, into dist/bench/ and runs it. npm run bench [-- --json] [--only name]… */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = new URL('../../', import.meta.url);
const outfile = new URL('dist/bench/bench.mjs', root);

await build({
  entryPoints: [fileURLToPath(new URL('test/bench/bench.ts', root))],
  outfile: fileURLToPath(outfile),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
});
await import(outfile.href);
