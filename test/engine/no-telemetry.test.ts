import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { model, sound } from '../support/service.js';

/**
 * Without the environment of the test, by which ONNX Runtime would know one and report nothing by itself.
 * @returns the files that a process left in its home and in its folder of temporary files
 */
function leftBehind(args: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'auscult-telemetry-'));
  try {
    const [home, temporary] = [join(folder, 'home'), join(folder, 'tmp')];
    mkdirSync(home);
    mkdirSync(temporary);
    const env = { PATH: process.env.PATH, HOME: home, TMPDIR: temporary };
    const child = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
    expect(child.status, child.stderr).toBe(0);
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('/'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const root = join(import.meta.dirname, '..', '..');

describe('ONNX Runtime', () => {
  it('keeps no device id and queues no reports when Auscult scores', () => {
    const main = join(root, 'dist', 'cli', 'main.js');
    expect(leftBehind([main, 'score', '--model', model('pump-00'), sound('pump-00-normal.wav')])).toEqual([]);
  });

  it('would, were it let (else the test above shows nothing)', () => {
    const alone = `const ort = require('onnxruntime-node');
      ort.InferenceSession.create(${JSON.stringify(join(model('pump-00'), 'model.onnx'))}).then(() => process.exit(0));`;
    expect(leftBehind(['-e', alone]).join('\n')).toMatch(/deviceid/);
  });
});
