import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
const readmes = ['README.md', ...sources.filter((file) => file.endsWith('.md')).map((file) => join('src', file))];
const rooms = [...new Set(readmes.slice(1).map((readme) => dirname(readme)))];
const scripts = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts);

/** Files that a text names in backticks: `mixture.ts`, `audio/wav-file.ts`, `src/README.md`. */
const filesNamed = (text: string): string[] =>
  [...text.matchAll(/`([\w./-]+\.(?:ts|md|mjs|json|yaml|service))`/g)].flatMap(([, file]) => file ?? []);

/** As a path from the README, from src/ or from the top; or, for a bare name, anywhere below the README. */
function exists(file: string, readme: string): boolean {
  const here = dirname(readme);
  if ([here, '', 'src'].some((folder) => existsSync(join(root, folder, file)))) return true;
  const below = here === '.' ? '' : here.replace(/^src\/?/, '');
  return sources.some((source) => source.startsWith(below) && basename(source) === file);
}

const made = ['model.json', 'normals.json', 'report.html'];

describe('the READMEs', () => {
  it.each(readmes)('%s names files that are there', (readme) => {
    const text = readFileSync(join(root, readme), 'utf8');
    expect(filesNamed(text).filter((file) => !made.includes(file) && !exists(file, readme))).toEqual([]);
  });

  it.each(rooms)('those of %s name every file of it', (room) => {
    const texts = readmes
      .filter((readme) => dirname(readme) === room)
      .map((readme) => readFileSync(join(root, readme)));
    const named = new Set(filesNamed(texts.join('\n')).map((file) => basename(file)));
    const files = readdirSync(join(root, room)).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
    expect(files.filter((file) => file !== 'index.ts' && !named.has(file))).toEqual([]);
  });

  it.each(readmes)('%s names npm scripts that are there', (readme) => {
    const named = [...readFileSync(join(root, readme), 'utf8').matchAll(/npm run ([\w-]+)/g)].map(([, name]) => name);
    expect(named.filter((name) => !scripts.includes(name ?? ''))).toEqual([]);
  });

  it('would miss a file that is gone', () => {
    expect(exists('monitoring/feed-monitor.ts', 'src/README.md')).toBe(true);
    expect(exists('monitoring/feed-loop.ts', 'src/README.md')).toBe(false);
  });
});
