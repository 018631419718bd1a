import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Database } from 'better-sqlite3';
import { guarded, storageError } from '../sources/storage-error.js';
import { fileBytes } from './connection.js';
import type { Clip, ClipType, NewClip } from './types.js';

const EXTENSIONS: Readonly<Record<ClipType, string>> = { 'audio/wav': 'wav', 'image/png': 'png', 'image/jpeg': 'jpg' };
const SHARD = /^[0-9a-f]{2}$/;
const CLIP_FILE = /^([0-9a-f]{64})\.(wav|png|jpg)$/;
const TEMPORARY = /^\.[0-9a-f-]{36}\.partial$/;

interface ClipRow {
  sha256: string;
  type: ClipType;
  bytes: number;
  created_ms: number;
}

/** Evictable clips, oldest first: never one of an event that is still open. */
const EVICTABLE = `
  SELECT * FROM clips c WHERE created_ms < ? AND NOT EXISTS (SELECT 1 FROM events e WHERE e.clip = c.sha256 AND e.cleared_ms IS NULL)
  ORDER BY created_ms, sha256 LIMIT ?`;

/** Content-addressed files `ab/ab….wav`, and the table that knows them. A row is only there once its file is. */
export class ClipFolder {
  readonly #db;
  readonly #folder;
  readonly #one;
  readonly #insert;
  readonly #total;
  readonly #evictable;
  readonly #sacrificed = new Map<string, ClipRow>();

  /** @throws {StorageError} when the folder cannot be made or read */
  constructor(db: Database, folder: string) {
    this.#db = db;
    this.#folder = resolve(folder);
    guarded(`clip folder ${folder}`, () => mkdirSync(folder, { recursive: true }));
    this.#one = db.prepare<[string], ClipRow>('SELECT * FROM clips WHERE sha256 = ?');
    this.#insert = db.prepare<[ClipRow]>(`
      INSERT INTO clips (sha256, type, bytes, created_ms) VALUES (@sha256, @type, @bytes, @created_ms)
      ON CONFLICT (sha256) DO UPDATE SET created_ms = max(created_ms, excluded.created_ms)`);
    this.#total = db.prepare<[], number>('SELECT coalesce(sum(bytes), 0) FROM clips').pluck();
    this.#evictable = db.prepare<[number, number], ClipRow>(EVICTABLE);
  }

  get(sha256: string): Clip | null {
    const row = this.#one.get(sha256);
    if (!row || this.#sacrificed.has(sha256)) return null;
    const { created_ms, ...clip } = row;
    return { ...clip, createdMs: created_ms, path: this.#path(row) };
  }

  totalBytes(): number {
    return this.#total.get() ?? 0;
  }

  /** Evicts old clips until `bytes` more fit into the quota; false when what may be evicted is not enough (then nothing is). */
  makeRoom(bytes: number, quotaBytes: number): boolean {
    const surplus = this.totalBytes() + bytes - quotaBytes;
    return surplus <= 0 || this.evict(surplus);
  }

  /** Evicts the oldest clips of at least `bytes` in all; false when there are not as many, and then evicts none. */
  evict(bytes: number): boolean {
    const chosen: ClipRow[] = [];
    let freed = 0;
    for (const row of this.#evictable.iterate(Number.MAX_SAFE_INTEGER, -1)) {
      if (freed >= bytes) break;
      chosen.push(row);
      freed += row.bytes;
    }
    if (freed < bytes) return false;
    this.#delete(chosen);
    return true;
  }

  /** Deletes clips older than `beforeMs`, a hundred at a time. */
  expire(beforeMs: number): void {
    this.#delete(this.#evictable.all(Math.round(beforeMs), 100));
  }

  /** Frees disk space while rows cannot be written: deletes the oldest clips' files; `settle` forgets their rows later. */
  sacrifice(bytes: number): boolean {
    let freed = 0;
    for (const row of this.#evictable.iterate(Number.MAX_SAFE_INTEGER, -1)) {
      if (freed >= bytes) break;
      const path = this.#path(row);
      freed += fileBytes(path);
      rmSync(path, { force: true });
      this.#sacrificed.set(row.sha256, row);
    }
    return freed > 0;
  }

  /** Forgets the clips whose files were sacrificed. */
  settle(): void {
    this.#delete([...this.#sacrificed.values()]);
    this.#sacrificed.clear();
  }

  /** Rows first: a kill in between leaves an orphan file, which the next start deletes, never a row without its file. */
  #delete(rows: readonly ClipRow[]): void {
    if (rows.length === 0) return;
    this.#db.transaction(() => {
      for (const { sha256 } of rows) this.#forget(sha256);
    })();
    for (const row of rows) rmSync(this.#path(row), { force: true });
  }

  #forget(sha256: string): void {
    this.#db.prepare('UPDATE events SET clip = NULL WHERE clip = ?').run(sha256);
    this.#db.prepare('DELETE FROM clips WHERE sha256 = ?').run(sha256);
  }

  /** Writes the file if it is new, then its row. @throws {StorageError} */
  async write({ data, type, createdMs }: NewClip): Promise<string> {
    const sha256 = createHash('sha256').update(data).digest('hex');
    const row: ClipRow = { sha256, type, bytes: data.byteLength, created_ms: Math.round(createdMs) };
    const known = this.#one.get(sha256);
    if (!known || fileBytes(this.#path(known)) !== known.bytes) await this.#writeFile(this.#path(known ?? row), data);
    guarded(`clip ${sha256}`, () => this.#insert.run(row));
    this.#sacrificed.delete(sha256);
    return sha256;
  }

  /** Temporary file, fsync, rename, fsync of the folder: a power cut leaves a whole file or none. */
  async #writeFile(path: string, data: Uint8Array): Promise<void> {
    const folder = dirname(path);
    const temporary = join(folder, `.${randomUUID()}.partial`);
    try {
      await mkdir(folder, { recursive: true });
      await withFile(temporary, 'wx', async (file) => {
        await file.writeFile(data);
        await file.sync();
      });
      await rename(temporary, path);
      await withFile(folder, 'r', (file) => file.sync());
    } catch (error) {
      await rm(temporary, { force: true });
      throw storageError(`clip ${path}`, error);
    }
  }

  #path({ sha256, type }: { sha256: string; type: ClipType }): string {
    return join(this.#folder, sha256.slice(0, 2), `${sha256}.${EXTENSIONS[type]}`);
  }

  /**
   * Makes table and folder agree after a kill: half-written files and files without a row are deleted, rows without a file are
   * forgotten. When the database is new, its files are taken over instead: a lost database does not take the evidence along.
   */
  reconcile(adopt: boolean): void {
    guarded(`clip folder ${this.#folder}`, () => {
      const found = new Set<string>();
      for (const { path, name } of this.#files()) this.#reconcileFile(path, name, adopt, found);
      const rows = this.#db.prepare<[], ClipRow>('SELECT * FROM clips').all();
      const lost = rows.filter((row) => !found.has(row.sha256));
      this.#db.transaction(() => {
        for (const { sha256 } of lost) this.#forget(sha256);
      })();
    });
  }

  #reconcileFile(path: string, name: string, adopt: boolean, found: Set<string>): void {
    const sha256 = CLIP_FILE.exec(name)?.[1];
    const row = sha256 === undefined ? undefined : this.#one.get(sha256);
    const { size, mtimeMs } = statSync(path);
    if (sha256 !== undefined && row?.bytes === size) found.add(sha256);
    else if (sha256 !== undefined && !row && adopt) {
      this.#insert.run({ sha256, type: typeOf(name), bytes: size, created_ms: Math.round(mtimeMs) });
      found.add(sha256);
    } else if (sha256 !== undefined || TEMPORARY.test(name)) rmSync(path, { force: true });
  }

  *#files(): Generator<{ path: string; name: string }> {
    for (const shard of readdirSync(this.#folder).filter((name) => SHARD.test(name))) {
      for (const name of readdirSync(join(this.#folder, shard))) yield { path: join(this.#folder, shard, name), name };
    }
  }
}

function typeOf(name: string): ClipType {
  if (name.endsWith('.png')) return 'image/png';
  return name.endsWith('.jpg') ? 'image/jpeg' : 'audio/wav';
}

async function withFile(path: string, flags: string, work: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags);
  try {
    await work(file);
  } finally {
    await file.close();
  }
}
