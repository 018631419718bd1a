import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { ConfigError } from '../../src/contracts.js';
import { backupDatabase, StorageError } from '../../src/store/index.js';
import { MIGRATIONS, migrate } from '../../src/store/migrations.js';
import { NOON, sampleEvent, sampleMessage, sampleVerdict, storeIn, temporaryFolder } from './samples.js';

function errorOf(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('expected an error, nothing was thrown');
}

test('keeps the promises of durability: WAL, full synchronisation, foreign keys', async () => {
  const folder = temporaryFolder();
  const store = storeIn(folder);
  store.recordEvent(sampleEvent(), 'raised', []);
  expect(existsSync(join(folder, 'auscult.db-wal'))).toBe(true);
  await store.close();
  expect(existsSync(join(folder, 'auscult.db-wal'))).toBe(false);
});

test('moves forward from every earlier version and keeps what is there', () => {
  for (const { number } of MIGRATIONS.slice(0, -1)) {
    const folder = temporaryFolder();
    const db = new Database(join(folder, 'auscult.db'));
    db.pragma(`application_id = ${0x41757363}`);
    migrate(db, 'old', MIGRATIONS.slice(0, number));
    db.exec(`INSERT INTO events VALUES ('old', 'anomaly', NULL, 'feed', 'pump', 5, NULL, NULL, 1, 5, 1, 1, 'words', NULL, NULL, 'm', 'c', NULL);
      INSERT INTO outbox (kind, topic, payload, qos, retain, created_ms) VALUES ('alert', 't', 'p', 1, 0, 5)`);
    db.close();

    const store = storeIn(folder);
    expect(store.openEvents().map(({ id }) => id)).toEqual(['old']);
    expect(store.pending(10).map(({ payload }) => payload)).toEqual(['p']);
    store.addVerdict(sampleVerdict());
    store.flush();
    expect(store.scores({ fromMs: NOON, toMs: NOON + 1, maxPoints: 1 })[0]?.points).toHaveLength(1);
  }
});

test('migrations are numbered from 1 without gaps, and one that fails changes nothing', () => {
  expect(MIGRATIONS.map(({ number }) => number)).toEqual(MIGRATIONS.map((_, index) => index + 1));
  const db = new Database(':memory:');
  const broken = { number: 2, name: 'broken', sql: 'CREATE TABLE half (x); CREATE TABLE half (x);' };
  expect(() => migrate(db, 'memory', [...MIGRATIONS.slice(0, 1), broken])).toThrow(/half/);
  expect(db.pragma('user_version', { simple: true })).toBe(1);
  expect(db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").pluck().get()).toBe(0);
});

test('refuses the file of a newer Auscult, naming both versions', async () => {
  const folder = temporaryFolder();
  await storeIn(folder).close();
  const db = new Database(join(folder, 'auscult.db'));
  db.pragma('user_version = 99');
  db.close();
  const error = errorOf(() => storeIn(folder));
  expect(error).toBeInstanceOf(ConfigError);
  expect(error.message).toMatch(new RegExp(`knows versions up to ${MIGRATIONS.length}, the file is version 99`));
});

test("refuses another program's database and leaves it as it is", () => {
  const folder = temporaryFolder();
  const path = join(folder, 'auscult.db');
  const db = new Database(path);
  db.exec('CREATE TABLE theirs (x)');
  db.close();
  const before = readFileSync(path);
  expect(errorOf(() => storeIn(folder))).toBeInstanceOf(ConfigError);
  expect(readFileSync(path)).toEqual(before);
});

test('refuses a file that is no database, a cut one, and one with damaged pages, each in one line', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'auscult.db');
  writeFileSync(path, 'this is a text of some length that is surely not a database '.repeat(100));
  const notOurs = errorOf(() => storeIn(folder));
  const other = temporaryFolder();
  const store = storeIn(other);
  for (let i = 0; i < 500; i++) store.recordEvent(sampleEvent({ id: `event-${i}` }), 'raised', []);
  await store.close();
  const damagedPath = join(other, 'auscult.db');
  const bytes = readFileSync(damagedPath);
  writeFileSync(damagedPath, bytes.fill(0x5a, 8192, 40_000));
  const damaged = errorOf(() => storeIn(other));
  truncateSync(damagedPath, 5000);
  const cut = errorOf(() => storeIn(other));
  for (const error of [notOurs, damaged, cut]) {
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ failure: 'damaged' });
    expect(error.message).toMatch(/^database .*auscult\.db: expected a sound SQLite file.*restore a backup/);
    expect(error.message).not.toContain('\n');
  }
});

test('says in one line that the path is a folder or lies in a file', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'auscult.db'));
  expect(errorOf(() => storeIn(folder))).toBeInstanceOf(StorageError);
  writeFileSync(join(folder, 'file'), '');
  expect(errorOf(() => storeIn(folder, { path: join(folder, 'file', 'a.db') }))).toBeInstanceOf(StorageError);
});

/** Permissions stop everyone but root: as root, acts as nobody for a while. */
function withoutPrivileges<T>(work: () => T): T {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.('nobody');
  try {
    return work();
  } finally {
    process.seteuid?.('root');
  }
}

test('says in one line that the folder, or the file in it, is read-only', async () => {
  const folder = temporaryFolder();
  chmodSync(folder, 0o555);
  onTestFinished(() => chmodSync(folder, 0o755));
  const noFile = withoutPrivileges(() => errorOf(() => storeIn(folder)));
  chmodSync(folder, 0o755);
  await storeIn(folder).close();
  for (const file of ['auscult.db', 'auscult.db.reserve', 'clips']) chmodSync(join(folder, file), 0o555);
  chmodSync(folder, 0o555);
  const withFile = withoutPrivileges(() => errorOf(() => storeIn(folder)));
  for (const error of [noFile, withFile]) {
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ failure: 'read-only' });
    expect(error.message).toMatch(/^database .*auscult\.db: expected to be able to (write|open it for writing)/);
  }
});

test('keeps a second opening away until the first is closed', async () => {
  const folder = temporaryFolder();
  const first = storeIn(folder);
  const error = errorOf(() => storeIn(folder));
  expect(error).toMatchObject({ failure: 'busy' });
  expect(error.message).toMatch(/^database .*auscult\.db: expected to be its only user, another Auscult has it open$/);
  await first.close();
  expect(storeIn(folder).openEvents()).toEqual([]);
});

test('makes the folders it is told to use', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'deep', 'down', 'a.db');
  expect(storeIn(folder, { path, clipDir: join(folder, 'deep', 'clips') }).path).toBe(path);
});

test('is copied while it is open and written to, into a file that opens by itself', async () => {
  const folder = temporaryFolder();
  const store = storeIn(folder);
  const events = Array.from({ length: 200 }, () => sampleEvent());
  for (const event of events) store.recordEvent(event, 'raised', [sampleMessage()]);
  const to = join(folder, 'copies', 'copy.db');
  expect(backupDatabase(store.path, to)).toBe(200);
  store.recordEvent(sampleEvent(), 'raised', []);
  const copy = storeIn(folder, { path: to, clipDir: join(folder, 'other-clips') });
  expect(copy.openEvents()).toHaveLength(200);
  expect(copy.pending(1000)).toHaveLength(200);
  await copy.close();
  expect(backupDatabase(store.path, to)).toBe(201);
  expect(readdirSync(join(folder, 'copies')).filter((name) => name.endsWith('.partial'))).toEqual([]);
  expect(() => backupDatabase(store.path, store.path)).toThrow(/expected a file other than the database itself/);
  expect(() => backupDatabase(store.path, join(store.path, 'copy.db'))).toThrow(/backup .*copy\.db/);
  expect(() => backupDatabase(join(folder, 'none.db'), to)).toThrow(
    /none\.db: expected the database of a service, found no file/,
  );
  new Database(join(folder, 'other.db')).exec('CREATE TABLE a (b)').close();
  expect(() => backupDatabase(join(folder, 'other.db'), to)).toThrow(/other\.db: expected a database of Auscult/);
});

test('keeps the WAL small however much is written', () => {
  let now = NOON;
  const store = storeIn(temporaryFolder(), { nowMs: () => now });
  for (let second = 0; second < 120; second++) {
    for (let i = 0; i < 400; i++) store.addVerdict(sampleVerdict({ feed: `feed-${i % 200}`, endMs: now + i }));
    now += 1000;
    store.flush();
  }
  expect(store.health().databaseBytes).toBeGreaterThan(1_000_000);
  expect(store.health().walBytes).toBeLessThan(8 * 1024 * 1024);
});

test('closes twice without harm, flushing what was buffered', async () => {
  const folder = temporaryFolder();
  const store = storeIn(folder);
  store.addVerdict(sampleVerdict());
  await Promise.all([store.close(), store.close()]);
  expect(storeIn(folder).scores({ fromMs: NOON, toMs: NOON + 1, maxPoints: 1 })[0]?.points).toHaveLength(1);
});

test('flushes by itself once a period', async () => {
  const store = storeIn(temporaryFolder(), { flushMs: 20 });
  store.addVerdict(sampleVerdict());
  await expect
    .poll(() => store.scores({ fromMs: NOON, toMs: NOON + 1, maxPoints: 1 }).length, { timeout: 20_000 })
    .toBe(1);
});
