import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { forgetOld } from '../../src/evaluation/cache-age.js';

const folder = mkdtempSync(join(tmpdir(), 'auscult-cache-'));
afterAll(() => rmSync(folder, { recursive: true }));

const day = 86_400_000;
const nowMs = Date.UTC(2026, 0, 1);
const name = (digit: string) => digit.repeat(32);

function written(path: string, daysAgo: number): string {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, 'x');
  const at = new Date(nowMs - daysAgo * day);
  utimesSync(whole, at, at);
  return whole;
}

it('forgets results, interrupted fits and pictures after 90 days, and nothing that is not its own', async () => {
  const old = [written(`${name('a')}.json`, 91), written(`clips/b/${name('b')}.mel`, 91)];
  const fit = dirname(written(`${name('c')}.partial/state.json`, 91));
  utimesSync(fit, new Date(nowMs - 91 * day), new Date(nowMs - 91 * day));
  const kept = [
    written(`${name('d')}.json`, 89),
    written(`clips/e/${name('e')}.mel`, 89),
    written('thesis.json', 400),
    written('clips/index.jsonl', 400),
    written(`clips/mine/${name('f')}.mel`, 400),
  ];
  expect(await forgetOld(folder, nowMs)).toBe(3);
  expect([...old, fit].map((path) => existsSync(path))).toEqual([false, false, false]);
  expect(kept.map((path) => existsSync(path))).toEqual(kept.map(() => true));
  expect(await forgetOld(folder, nowMs)).toBe(0);
});

it('minds no folder that is not there', async () => {
  expect(await forgetOld(join(folder, 'none'), nowMs)).toBe(0);
});
