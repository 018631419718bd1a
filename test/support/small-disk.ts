/** A disk that may be filled up: a tmpfs, where this user may mount one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A disk of its own of so many bytes, or null where this user may not mount one. */
function smallDisk(bytes: number): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'auscult-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
}

function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true });
}

const probe = smallDisk(1024 * 1024);
if (probe) unmount(probe);
/** Whether this user may mount a tmpfs. */
export const mayMount = probe !== null;

/** A disk that goes when the test ends. */
export function disk(bytes: number): string {
  const folder = smallDisk(bytes);
  if (!folder) throw new Error('mount was refused, though it worked a moment ago');
  onTestFinished(() => unmount(folder));
  return folder;
}

/** Someone else takes all that is free but `leave` bytes. */
export function fillUp(folder: string, leave = 0): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(join(folder, 'somebody-elses'), Buffer.alloc(Math.max(0, bavail * bsize - leave)));
}
