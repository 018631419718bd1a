// Bundles the page into dist/dashboard: one script, one style sheet (names hold their digests), index.html, icon.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const outdir = fileURLToPath(new URL('../dist/dashboard', import.meta.url));

const { outputFiles } = await build({
  entryPoints: [join(here, 'main.ts'), join(here, 'page.css')],
  outdir,
  write: false,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022', 'chrome111', 'firefox115', 'safari16.4'],
  entryNames: '[name]-[hash]',
  legalComments: 'linked',
  loader: { '.min.css': 'text' },
  tsconfig: join(here, 'tsconfig.json'),
});

mkdirSync(outdir, { recursive: true });
const names = outputFiles.map((file) => basename(file.path));
for (const file of outputFiles) writeFileSync(join(outdir, basename(file.path)), file.contents);
writeFileSync(join(outdir, 'icon.svg'), readFileSync(join(here, 'icon.svg')));

// The page itself last: whoever reads it finds the files that it names.
const named = (pattern) => names.find((name) => pattern.test(name)) ?? fail(pattern);
const html = readFileSync(join(here, 'index.html'), 'utf8')
  .replace('main.js', named(/^main-.*\.js$/))
  .replace('page.css', named(/^page-.*\.css$/));
writeFileSync(join(outdir, 'index.html'), html);

const kept = new Set([...names, 'icon.svg', 'index.html']);
for (const name of readdirSync(outdir)) if (!kept.has(name)) rmSync(join(outdir, name), { recursive: true });

function fail(pattern) {
  throw new Error(`dashboard: expected an output like ${pattern}, got ${names.join(', ')}`);
}
