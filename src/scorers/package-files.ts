/** A model package on disk: a folder with model.onnx and model.json. */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Manifest, ModelError } from '../contracts.js';
import { parseManifest } from './manifest.js';

export const MODEL_FILE = 'model.onnx';
export const MANIFEST_FILE = 'model.json';

export interface ModelPackage {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly onnx: Uint8Array;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** @throws {ModelError} for a missing or unreadable file, a manifest that is not one, or a model of another digest */
export async function readPackage(folder: string): Promise<ModelPackage> {
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
  const path = join(folder, MANIFEST_FILE);
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
 */
export async function writePackage(out: string, onnx: Uint8Array, manifest: Manifest): Promise<void> {
  const target = resolve(out);
  const beside = join(dirname(target), `.${basename(target)}.${process.pid}.new`);
  await rm(beside, { recursive: true, force: true });
  await mkdir(beside, { recursive: true });
  await writeSynced(join(beside, MODEL_FILE), onnx);
  await writeSynced(join(beside, MANIFEST_FILE), Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  await syncFolder(beside);
  await setAside(target);
  await rename(beside, target);
  await syncFolder(dirname(target));
}

async function setAside(target: string): Promise<void> {
  const previous = `${target}.previous`;
  const kept = `${previous}.old`;
  await rm(kept, { recursive: true, force: true });
  await renameIfThere(previous, kept);
  await renameIfThere(target, previous);
  await rm(kept, { recursive: true, force: true });
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
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

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
