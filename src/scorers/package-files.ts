/** A model package on disk: a folder with model.onnx and model.json. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Manifest, ModelError } from '../contracts.js';
import { StorageError, storageError } from '../sources/storage-error.js';
import { parseManifest } from './manifest.js';
import {
  besideOf,
  locatePackage,
  MANIFEST_FILE,
  MODEL_FILE,
  packageIsThere,
  previousOf,
  settlePackage,
  swapPackages,
  syncFolder,
  takePlace,
} from './package-places.js';

export { MANIFEST_FILE };

export interface ModelPackage {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly onnx: Uint8Array;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** @throws {ModelError} for a missing or unreadable file, a manifest that is not one, or a model of another digest */
export async function readPackage(out: string): Promise<ModelPackage> {
  const folder = locatePackage(out);
  const manifest = await readManifest(folder);
  const path = join(folder, MODEL_FILE);
  const onnx = await readOrRefuse(path);
  const digest = sha256(onnx);
  if (digest !== manifest.modelDigest) {
    throw new ModelError(`${path}: expected SHA-256 ${manifest.modelDigest} of its ${MANIFEST_FILE}, found ${digest}`);
  }
  return { folder, manifest, onnx };
}

/** The manifest alone, for listings. */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(locatePackage(folder), MANIFEST_FILE);
  return parseManifest((await readOrRefuse(path)).toString('utf8'), path);
}

async function readOrRefuse(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? cause.code : cause;
    throw new ModelError(`${path}: expected a file of a model package, found none that can be read (${reason})`, {
      cause,
    });
  }
}

/**
 * Writes a package whole or not at all: beside its place, synced, renamed. What was there is kept as `<out>.previous`.
 * @param extra further files by their path in the package, such as the normal clips
 * @throws {StorageError} when the disk refuses
 */
export async function writePackage(
  out: string,
  onnx: Uint8Array,
  manifest: Manifest,
  extra: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<void> {
  try {
    await settlePackage(out);
    await writeBeside(besideOf(out), onnx, manifest, extra);
    await takePlace(out);
  } catch (error) {
    throw await refused(out, error);
  }
}

async function writeBeside(
  beside: string,
  onnx: Uint8Array,
  manifest: Manifest,
  extra: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  await mkdir(beside, { recursive: true });
  await writeSynced(join(beside, MODEL_FILE), onnx);
  await writeExtra(beside, extra);
  const unnamed = join(beside, `${MANIFEST_FILE}.unfinished`);
  await writeSynced(unnamed, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  await rename(unnamed, join(beside, MANIFEST_FILE));
  await syncFolder(beside);
}

/** The disk's refusal in one line; the half of a package that it left on the disk goes. */
async function refused(out: string, error: unknown): Promise<unknown> {
  const known = storageError(`model ${out}`, error);
  const beside = besideOf(out);
  if (known instanceof StorageError && !existsSync(join(beside, MANIFEST_FILE)))
    await rm(beside, { recursive: true, force: true }).catch(() => {});
  return known;
}

async function writeExtra(folder: string, extra: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const folders = new Set([...extra.keys()].map((file) => dirname(join(folder, file))));
  for (const inner of folders) await mkdir(inner, { recursive: true });
  for (const [file, bytes] of extra) await writeSynced(join(folder, file), bytes);
  for (const inner of folders) await syncFolder(inner);
}

/**
 * Makes the previous package the one in use, and the one in use the previous.
 * @returns the manifest now in use   @throws {ConfigError} when there is no previous one   @throws {ModelError} when it is broken
 * @throws {StorageError} when the disk refuses
 */
export async function rollBackPackage(out: string): Promise<Manifest> {
  try {
    await settlePackage(out);
    if (packageIsThere(previousOf(out))) await readPackage(previousOf(out));
    await swapPackages(out);
  } catch (error) {
    throw storageError(`model ${out}`, error);
  }
  return readManifest(out);
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
