import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Store } from '../../src/store/index.js';
import { compileChild } from './child.js';
import { storeIn, temporaryFolder } from './samples.js';

const ROUNDS = 6;
let program = '';
beforeAll(() => {
  program = compileChild('store/record-events.child.ts');
});

async function killWhileWriting(folder: string, run: string, afterMs: number): Promise<void> {
  const child: ChildProcess = spawn(process.execPath, [program, folder, run], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  if (child.stdout) await once(child.stdout, 'data');
  await sleep(afterMs);
  child.kill('SIGKILL');
  const [, signal] = await once(child, 'exit');
  expect(signal).toBe('SIGKILL');
}

/** Every change that the events show, and every change that the outbox tells of. */
function changes(store: Store): { shown: string[]; told: string[] } {
  const shown = [];
  let page = store.events({ limit: 500 });
  while (page.length > 0) {
    for (const { id, clearedMs } of page) shown.push(`${id} raised`, ...(clearedMs === null ? [] : [`${id} cleared`]));
    page = store.events({ limit: 500, before: page.at(-1) });
  }
  const told = store.pending(1e9).map(({ payload }) => {
    const { id, change } = JSON.parse(payload) as { id: string; change: string };
    return `${id} ${change}`;
  });
  return { shown: shown.sort(), told: told.sort() };
}

test('a kill in the midst of writing leaves no event without its message, no message without its event, no half clip', async () => {
  const folder = temporaryFolder();
  for (let round = 0; round < ROUNDS; round++) {
    await killWhileWriting(folder, `run${round}`, 30 + 35 * round);
    const store = storeIn(folder);
    const { shown, told } = changes(store);
    expect(told).toEqual(shown);
    expect(shown.filter((change) => change.startsWith(`run${round}-`)).length).toBeGreaterThan(0);
    expect(store.openEvents().length).toBeLessThanOrEqual(round + 1);
    const files = readdirSync(join(folder, 'clips'), { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    );
    for (const { name } of files) expect(store.clip(name.replace('.wav', ''))?.bytes).toBeGreaterThan(1000);
    await store.close();
  }
});
