import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import {
  importTensorflow,
  openEagerTrainLoop,
  openSession,
  openTrainLoop,
  serialise,
  trace,
} from '../../src/engine/index.js';
import { loopModel } from '../../src/engine/loop-model.js';
import { traceStep } from '../../src/engine/train-loop.js';
import { plainConvStep } from './example-steps.js';

const model = () =>
  serialise(trace(([x]) => [tf.tanh(x as tf.Tensor)], [{ name: 'x', shape: [2], dtype: 'float32' }], ['y']));
const feeds = { x: { data: Float32Array.of(0.5, -1), shape: [2] } };
const cudaIsHere = ort.listSupportedBackends().some(({ name, bundled }) => name === 'cuda' && bundled);

describe('devices', () => {
  it('auto measures every device, says why one does not work, and takes the fastest', async () => {
    const session = await openSession(model(), { device: 'auto' });
    expect(session.measurements.map(({ device }) => device)).toEqual(['cpu', 'webgpu', 'cuda']);
    const working = session.measurements.filter(({ milliseconds }) => milliseconds !== null);
    const fastest = [...working].sort((a, b) => (a.milliseconds ?? 0) - (b.milliseconds ?? 0))[0];
    expect(session.device).toBe(fastest?.device);
    for (const { milliseconds, error } of session.measurements) expect(milliseconds === null).toBe(error !== null);
    expect((await session.run(feeds)).y?.shape).toEqual([2]);
    await session.close();
  });

  it.skipIf(cudaIsHere)('forcing one that is not there is an error that names it', async () => {
    await expect(openSession(model(), { device: 'cuda' })).rejects.toThrow(/cannot open it on cuda: /);
  });

  it('tensorflow runs no ONNX files, and training with it names the packages that are missing', async () => {
    await expect(openSession(model(), { device: 'tensorflow' })).rejects.toThrow(
      /engine.device: .*tensorflow only trains/,
    );
    await expect(importTensorflow(['@tensorflow/absent'])).rejects.toThrow(/found none \(@tensorflow\/absent: /);
  });

  it('a file that is no model, and inputs that do not fit, are named', async () => {
    await expect(openSession(new Uint8Array([1, 2, 3]))).rejects.toThrow(
      /model of 3 bytes: ONNX Runtime cannot open it on cpu/,
    );
    await expect(openSession('/nowhere/model.onnx')).rejects.toThrow(/\/nowhere\/model.onnx: /);
    const session = await openSession(model());
    await expect(session.run({})).rejects.toThrow(/model input x: expected a tensor, got none/);
    await expect(session.run({ x: { data: new Float32Array(3), shape: [2] } })).rejects.toThrow(
      /expects 2 values, got 3/,
    );
    await expect(session.run({ x: { data: new Float32Array(3), shape: [3] } })).rejects.toThrow(/x/);
    await expect(session.run({ ...feeds, z: feeds.x })).rejects.toThrow(/model input z: expected only x/);
    await session.close();
  });

  it('the eager executor names a backend that is not registered', async () => {
    await expect(openEagerTrainLoop(plainConvStep().spec, 'absent')).rejects.toThrow(
      /backend absent: expected one that is registered/,
    );
  });
});

const driver = '/usr/lib/chromium/vk_swiftshader_icd.json';
const skipped = existsSync(driver) ? '' : ' (skipped: install Debian package chromium for its SwiftShader)';

describe('WebGPU', () => {
  it.skipIf(!existsSync(driver))(`runs a training loop as the CPU does, through SwiftShader${skipped}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'auscult-webgpu-'));
    try {
      const { spec, indices } = plainConvStep();
      const { graph, layout } = traceStep(spec);
      writeFileSync(join(folder, 'loop.onnx'), loopModel(graph, layout));
      const cpu = await openTrainLoop(spec);
      const { loss = [] } = await cpu.run(indices);
      await cpu.close();
      const child = spawnSync(process.execPath, ['--input-type=module', '-e', CHILD, join(folder, 'loop.onnx')], {
        encoding: 'utf8',
        env: { ...process.env, VK_ICD_FILENAMES: driver },
        input: JSON.stringify({
          state: spec.state.map(plain),
          data: spec.data.map(plain),
          indices: [...indices].map(Number),
        }),
      });
      expect(child.status, child.stderr).toBe(0);
      const losses = JSON.parse(child.stdout) as number[];
      losses.forEach((value, step) => {
        expect(value).toBeCloseTo(loss[step] ?? 0, 4);
      });
      expect(losses).toHaveLength(3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const plain = ({ data, shape }: { data: ArrayLike<unknown>; shape: readonly number[] }) => ({
  data: Array.from(data, Number),
  shape,
});

/** The driver is chosen when a process starts, so this runs in its own. */
const CHILD = `
import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';
const { state, data, indices } = JSON.parse(readFileSync(0, 'utf8'));
const float = ({ data, shape }) => new ort.Tensor('float32', Float32Array.from(data), shape);
const session = await ort.InferenceSession.create(process.argv[1], { executionProviders: ['webgpu'], logSeverityLevel: 4 });
const rows = 3;
const feeds = { 'step.count': new ort.Tensor('int64', [BigInt(indices.length / rows)], []),
  indices: new ort.Tensor('int64', indices.map(BigInt), [indices.length / rows, rows]) };
state.forEach((tensor, i) => { feeds['state' + i] = float(tensor); });
data.forEach((tensor, i) => { feeds['data' + i] = float(tensor); });
const { loss } = await session.run(feeds);
console.log(JSON.stringify([...loss.data]));
`;
