import { mkdir, mkdtemp, open, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FolderItem, type WatchedFolderOptions, watchFolder } from '../../src/sources/watched-folder.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auscult-folder-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs a watcher beside `act`, until `count` of the items came; returns names of files and kinds of news. */
async function watchDuring(
  options: Partial<WatchedFolderOptions>,
  count: number,
  act: () => Promise<void>,
  counts: (item: FolderItem) => boolean = () => true,
) {
  const abort = new AbortController();
  const items: FolderItem[] = [];
  const all = { folder, extensions: ['.wav'], stableMs: 200, retryMs: 50, ...options };
  const reading = (async () => {
    for await (const item of watchFolder(all, abort.signal)) {
      items.push(item);
      if (items.filter(counts).length === count) break;
    }
  })();
  const watchdog = setTimeout(() => abort.abort(), 15_000);
  await sleep(150);
  await act();
  await reading;
  clearTimeout(watchdog);
  return items.map((item) => (item.kind === 'file' ? basename(item.path) : item.kind));
}

const put = (name: string, text = 'x') => writeFile(join(folder, name), text);
const old = new Date(Date.now() - 60_000);
async function putOld(name: string) {
  await put(name);
  await utimes(join(folder, name), old, old);
}

describe('a watched folder', () => {
  it('skips what is there at the start, other extensions, and hidden files', async () => {
    await putOld('before.wav');
    const names = await watchDuring({}, 1, async () => {
      await put('notes.txt');
      await put('.partial.wav');
      await put('New.WAV');
    });
    expect(names).toEqual(['New.WAV']);
  });

  it('delivers existing files in the order of their names, then the new one', async () => {
    for (const name of ['c.wav', 'a.wav', 'b.wav']) await putOld(name);
    expect(await watchDuring({ existing: true }, 4, () => put('0.wav'))).toEqual(['a.wav', 'b.wav', 'c.wav', '0.wav']);
  });

  it('waits until a file has stopped growing', async () => {
    const abort = new AbortController();
    const watching = watchFolder({ folder, extensions: ['.wav'], stableMs: 400 }, abort.signal);
    const first = watching.next();
    await sleep(100);
    const file = await open(join(folder, 'growing.wav'), 'w');
    for (let i = 0; i < 8; i++) {
      await file.write('0123456789');
      await sleep(100);
    }
    await file.close();
    const item = await first;
    abort.abort();
    expect(item.value).toMatchObject({ kind: 'file', sizeBytes: 80 });
  });

  it('waits for a file that is still being written at the start', async () => {
    const file = await open(join(folder, 'growing.wav'), 'w');
    await file.write('0123456789');
    const abort = new AbortController();
    const watching = watchFolder({ folder, extensions: ['.wav'], stableMs: 600, existing: true }, abort.signal);
    const first = watching.next();
    for (let i = 0; i < 8; i++) {
      await sleep(100);
      await file.write('0123456789');
    }
    await file.close();
    const item = await first;
    abort.abort();
    expect(item.value).toMatchObject({ kind: 'file', sizeBytes: 90 });
  });

  it('delivers a name again that is written anew, in place or by a file that is moved over it', async () => {
    await putOld('latest.wav');
    const abort = new AbortController();
    const watching = watchFolder({ folder, extensions: ['.wav'], stableMs: 200 }, abort.signal);
    const sizes: number[] = [];
    const reading = (async () => {
      for await (const item of watching) {
        if (item.kind === 'file') sizes.push(item.sizeBytes);
        if (sizes.length === 2) break;
        await put('.next.wav', 'xxx');
        await rename(join(folder, '.next.wav'), join(folder, 'latest.wav'));
      }
    })();
    const watchdog = setTimeout(() => abort.abort(), 15_000);
    await sleep(300);
    await put('latest.wav', 'xx');
    await reading;
    clearTimeout(watchdog);
    expect(sizes).toEqual([2, 3]);
  });

  it('sees files that are moved in, and files in new folders below', async () => {
    const names = await watchDuring({}, 2, async () => {
      const outside = await mkdtemp(join(tmpdir(), 'auscult-outside-'));
      await writeFile(join(outside, 'm.wav'), 'x');
      await mkdir(join(folder, '2031-05-01'));
      await put(join('2031-05-01', 'n.wav'));
      await rename(join(outside, 'm.wav'), join(folder, 'm.wav'));
      await rm(outside, { recursive: true });
    });
    expect(names.sort()).toEqual(['m.wav', 'n.wav']);
  });

  it('tells when the folder is away, and delivers nothing twice when it is back', async () => {
    await putOld('a.wav');
    const aside = `${folder}-aside`;
    const names = await watchDuring({ existing: true }, 3, async () => {
      await sleep(300);
      await rename(folder, aside);
      await sleep(500);
      await writeFile(join(aside, 'b.wav'), 'x');
      await rename(aside, folder);
    });
    expect(names).toEqual(['a.wav', 'gone', 'b.wav']);
  });

  it('follows a folder that is removed and made anew in one go', async () => {
    await putOld('a.wav');
    const remake = async () => {
      await sleep(300);
      await rm(folder, { recursive: true });
      await mkdir(folder);
      await sleep(300);
      await put('a.wav');
      await put('b.wav');
    };
    const names = await watchDuring({ existing: true }, 3, remake, ({ kind }) => kind === 'file');
    expect(names.filter((name) => name.endsWith('.wav'))).toEqual(['a.wav', 'a.wav', 'b.wav']);
  });

  it('notices that an empty folder is removed', async () => {
    const names = await watchDuring({}, 2, async () => {
      await rm(folder, { recursive: true });
      await sleep(300);
      await mkdir(folder);
      await put('first.wav');
    });
    expect(names).toEqual(['gone', 'first.wav']);
  });

  it('waits for a folder that does not exist yet, and says so', async () => {
    await rm(folder, { recursive: true });
    const names = await watchDuring({}, 2, async () => {
      await mkdir(folder);
      await put('first.wav');
    });
    expect(names).toEqual(['gone', 'first.wav']);
  });

  it('ends when the signal aborts while nothing happens', async () => {
    const abort = new AbortController();
    const next = watchFolder({ folder, extensions: ['.wav'] }, abort.signal).next();
    await sleep(100);
    abort.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
