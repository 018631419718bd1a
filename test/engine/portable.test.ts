import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as web from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { openSession, serialise, traceBatched } from '../../src/engine/index.js';
import { loopModel } from '../../src/engine/loop-model.js';
import { traceStep } from '../../src/engine/train-loop.js';
import { expectClose } from './agreement.js';
import { dagmmStep, plainConvStep, residualConvStep } from './example-steps.js';

const python = '/usr/bin/python3';
const hasOnnx = spawnSync(python, ['-c', 'import onnx']).status === 0;
const skipped = hasOnnx ? '' : ' (skipped: install Debian package python3-onnx)';

/** A scoring network: 5-4-2 encoder, then the energy of two fixed Gaussians. */
const scoring = ([x]: tf.Tensor[]): tf.Tensor[] => {
  const weight = (a: number, b: number) =>
    tf.tensor2d(
      Array.from({ length: a * b }, (_, i) => Math.sin(i + a)),
      [a, b],
    );
  const z = tf.matMul(tf.tanh(tf.matMul(x as tf.Tensor2D, weight(5, 4))), weight(4, 2));
  const centred = tf.sub(tf.expandDims(z, 0), tf.tensor3d([0, 0, 1, -1], [2, 1, 2]));
  const scaled = tf.matMul(centred, tf.tensor3d([1, 0, 0.3, 1.2, 0.8, 0, -0.2, 1], [2, 2, 2]), false, true);
  const logDensity = tf.add(tf.mul(tf.sum(tf.square(scaled), 2), -0.5), tf.tensor2d([-0.7, -1.1], [2, 1]));
  return [z, tf.neg(tf.logSumExp(logDensity, 0))];
};
const scoringModel = () =>
  serialise(traceBatched(scoring, [{ name: 'x', shape: [-1, 5], dtype: 'float32' }], ['latent', 'energy']), {
    digest: 'abc',
  });

describe('an exported model is portable', () => {
  it.skipIf(!hasOnnx)(`passes the ONNX checker with opset 17 and IR 8, training loops too${skipped}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'auscult-onnx-'));
    try {
      const models = [dagmmStep(), plainConvStep(), residualConvStep()].map(({ spec }) => {
        const { graph, layout } = traceStep(spec);
        return loopModel(graph, layout);
      });
      for (const [index, model] of [scoringModel(), ...models].entries()) {
        const file = join(folder, `${index}.onnx`);
        writeFileSync(file, model);
        const script = `
import onnx, sys
m = onnx.load(sys.argv[1]); onnx.checker.check_model(m, full_check=${index === 0 ? 'True' : 'False'})
print(m.ir_version, m.opset_import[0].version, [p.key + '=' + p.value for p in m.metadata_props])`;
        const said = execFileSync(python, ['-c', script, file], { encoding: 'utf8' });
        expect(said.trim()).toBe(index === 0 ? "8 17 ['digest=abc']" : '8 17 []');
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('gives the same energies in onnxruntime-web for 1, 7 and 1,000 rows', async () => {
    const model = scoringModel();
    const native = await openSession(model);
    const other = await web.InferenceSession.create(model, { executionProviders: ['wasm'] });
    for (const rows of [1, 7, 1000]) {
      const data = Float32Array.from({ length: rows * 5 }, (_, i) => Math.sin(i * 0.7) * 2);
      const { energy } = await native.run({ x: { data, shape: [rows, 5] } });
      const results = await other.run({ x: new web.Tensor('float32', data, [rows, 5]) });
      expect(energy?.shape).toEqual([rows]);
      expectClose(energy?.data as Float32Array, results.energy?.data as Float32Array, 1e-6);
    }
    await native.close();
    await other.release();
  });
});
