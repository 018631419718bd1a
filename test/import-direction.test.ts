import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The rooms from left to right. A file imports contracts.ts, its own room, and rooms to its left. */
const rooms = [
  'contracts.ts',
  'config',
  'sources',
  'features',
  'engine',
  'scorers',
  'decision',
  'commissioning',
  'store',
  'sinks',
  'monitoring',
  'evaluation',
  'app.ts',
  'cli',
];

const src = normalize(join(import.meta.dirname, '..', 'src'));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
const roomOf = (file: string) => file.split('/')[0] ?? file;

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map((m) => m[1] ?? '');
  return specifiers.map((s) => relative(src, join(src, dirname(file), s)).replace(/\.js$/, '.ts'));
}

describe('the house', () => {
  it('has only the rooms on the plan', () => {
    expect([...new Set(files.map(roomOf))].filter((room) => !rooms.includes(room))).toEqual([]);
  });

  it.each(files)('%s imports only to the left', (file) => {
    const here = rooms.indexOf(roomOf(file));
    const wrong = importsOf(file).filter(
      (target) => rooms.indexOf(roomOf(target)) > here || !rooms.includes(roomOf(target)),
    );
    expect(wrong).toEqual([]);
  });

  it('sees a wrong import when there is one', () => {
    expect(rooms.indexOf('sinks')).toBeGreaterThan(rooms.indexOf('sources'));
    expect(importsOf('config/load.ts')).toContain('contracts.ts');
  });
});
