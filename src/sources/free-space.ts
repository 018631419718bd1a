import { statfsSync } from 'node:fs';

/** Bytes that we may still write on the disk of `folder`; null where the system does not say. */
export function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** True when `bytes` more may be written and `floorBytes` stay free, or when nobody knows. */
export function hasRoom(folder: string, bytes: number, floorBytes: number): boolean {
  const free = freeBytes(folder);
  return free === null || free - bytes >= floorBytes;
}
