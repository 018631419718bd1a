import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { workerFile } from '../commissioning/worker-file.js';

/** Rooms that a result depends on. */
const ROOMS = ['contracts.js', 'sources/tables', 'features', 'engine', 'scorers', 'evaluation'];

/**
 * Digest of the compiled code that makes results, and of the runtime: results of other code are not mixed with ours.
 * @param rooms folders and files of the compiled code
 */
export function codeDigest(rooms: readonly string[] = ROOMS): string {
  const root = dirname(dirname(workerFile(import.meta.url, 'trial-worker')));
  const hash = createHash('sha256');
  for (const room of rooms) for (const file of filesOf(join(root, room))) hash.update(readFileSync(file));
  const runtime = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return hash.update(runtime.version).digest('hex');
}

function filesOf(path: string): string[] {
  if (path.endsWith('.js')) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js') && !/(^|[\\/])report[\\/]/.test(name))
    .sort()
    .map((name) => join(path, name));
}
