/**
 * Which of two packages is in use: `<out>`, and the one before it, `<out>.previous`. They change places by renaming, so
 * that after a crash between any two steps a reader still finds one, and the next writer finishes the switch.
 */
import { accessSync, constants, existsSync, opendirSync, readdirSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ConfigError, ModelError } from '../contracts.js';
import { guarded } from '../sources/storage-error.js';

export const MANIFEST_FILE = 'model.json';
export const MODEL_FILE = 'model.onnx';

/** A package has its manifest once it is whole: that file is written last. */
const isWhole = (folder: string): boolean => existsSync(join(folder, MANIFEST_FILE));

export const previousOf = (out: string): string => `${resolve(out)}.previous`;

/** Where a package is written before it takes its place. */
export const besideOf = (out: string): string => hidden(out, 'new');
/** Where the previous one waits while a roll-back is under way. */
const backOf = (out: string): string => hidden(out, 'back');
const olderOf = (out: string): string => `${previousOf(out)}.old`;

const hidden = (out: string, end: string): string => join(dirname(resolve(out)), `.${basename(resolve(out))}.${end}`);

/** The folder to read: `out`, or what was about to take its place when a switch was interrupted. Changes nothing. */
export function locatePackage(out: string): string {
  if (isWhole(out) || existsSync(out)) return out;
  if (isWhole(backOf(out))) return backOf(out);
  return isWhole(besideOf(out)) && isWhole(previousOf(out)) ? besideOf(out) : out;
}

export const packageIsThere = (out: string): boolean => isWhole(locatePackage(out));

/** What is no package would be moved away and, by the package after the next, deleted. @throws {ModelError} naming what is there */
export function refuseForeign(out: string): void {
  if (!existsSync(out)) return;
  const refusal = (found: string) =>
    new ModelError(`model ${out}: expected the folder of a package, or none yet, found ${found}`);
  if (!statSync(out).isDirectory()) throw refusal('a file');
  let files: string[];
  try {
    files = readdirSync(out);
  } catch (cause) {
    throw refusal(`a folder that cannot be read (${(cause as NodeJS.ErrnoException).code})`);
  }
  if (files.length > 0 && !files.some((file) => file === MANIFEST_FILE || file === MODEL_FILE))
    throw refusal(`a folder with ${files[0]} in it`);
}

/**
 * Before the work of minutes: a package is made beside its place.
 * @throws {StorageError} when that folder cannot be written   @throws {ModelError} when something else is in its place
 */
export function checkPackagePlace(out: string): void {
  refuseForeign(out);
  let folder = dirname(resolve(out));
  while (!existsSync(folder)) folder = dirname(folder);
  guarded(`folder ${folder} of the model ${out}`, () => {
    opendirSync(folder).closeSync();
    accessSync(folder, constants.W_OK | constants.X_OK);
  });
}

/** Finishes a switch that was interrupted and removes what it left. For the one who is about to write. */
export async function settlePackage(out: string): Promise<void> {
  const target = resolve(out);
  const found = locatePackage(target);
  if (found !== target) await rename(found, target);
  if (!existsSync(previousOf(target))) {
    const lost = [olderOf(target), backOf(target)].find(isWhole);
    if (lost) await rename(lost, previousOf(target));
  }
  for (const left of [olderOf(target), backOf(target), besideOf(target)])
    await rm(left, { recursive: true, force: true });
}

/** Puts the whole package at `besideOf(out)` in place; what was there becomes the previous one. */
export async function takePlace(out: string): Promise<void> {
  const target = resolve(out);
  await renameIfThere(previousOf(target), olderOf(target));
  await renameIfThere(target, previousOf(target));
  await rename(besideOf(target), target);
  await syncFolder(dirname(target));
  await rm(olderOf(target), { recursive: true, force: true });
}

/** Changes a settled package and the one before it: doing it twice changes nothing. @throws {ConfigError} when there is no other */
export async function swapPackages(out: string): Promise<void> {
  const target = resolve(out);
  if (!isWhole(previousOf(target)))
    throw new ConfigError(`roll back: expected a package at ${previousOf(target)}, found none`);
  await rename(previousOf(target), backOf(target));
  await renameIfThere(target, previousOf(target));
  await rename(backOf(target), target);
  await syncFolder(dirname(target));
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

/** What was made or renamed in a folder is on the disk when this resolves. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
