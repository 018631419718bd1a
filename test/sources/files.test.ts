import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SourceError } from '../../src/contracts.js';
import { filesOf } from '../../src/sources/files.js';

let folder = '';
const at = (...names: string[]) => join(folder, ...names);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'auscult-files-'));
  mkdirSync(at('clips', 'deeper'), { recursive: true });
  mkdirSync(at('empty'));
  mkdirSync(at('clips', '.trash'));
  for (const name of [
    'clips/b.wav',
    'clips/deeper/a.WAV',
    'clips/notes.txt',
    'elsewhere.wav',
    'clips/._b.wav',
    'clips/.trash/c.wav',
  ])
    writeFileSync(at(name), '');
  symlinkSync(at('elsewhere.wav'), at('clips', 'link.wav'));
  symlinkSync(at('nowhere.wav'), at('clips', 'dangling.wav'));
  symlinkSync('circle.wav', at('clips', 'circle.wav'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('finds files and links to files below a folder, by name', async () => {
  expect(await filesOf([at('clips')], ['.wav'])).toEqual(
    ['b.wav', 'deeper/a.WAV', 'link.wav'].map((name) => at('clips', name)),
  );
});

it('takes a file as it is named', async () => {
  expect(await filesOf([at('clips', '._b.wav')], ['.wav'])).toEqual([at('clips', '._b.wav')]);
  expect(await filesOf([at('clips', 'notes.txt')], ['.wav'])).toEqual([at('clips', 'notes.txt')]);
});

it('says which folder holds none, and which path is not there', async () => {
  await expect(filesOf([at('empty')], ['.wav'])).rejects.toThrow(
    new SourceError(`${at('empty')}: expected .wav files, found none`),
  );
  await expect(filesOf([at('none')], ['.wav'])).rejects.toThrow(`${at('none')}: expected a file or folder`);
});
