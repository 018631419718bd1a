import { describe, expect, it } from 'vitest';
import type { Segment } from '../../../src/commissioning/hold-out.js';
import { splitNormals } from '../../../src/commissioning/hold-out.js';
import { presetRequest } from '../../../src/commissioning/presets/index.js';
import type { AudioFeatureSpec } from '../../../src/contracts.js';
import { planLearning } from '../../../src/evaluation/sound/training-rows.js';
import { hopMs, rowsPerWindow, rowWidth, windowMs } from '../../../src/features/spec-sizes.js';

const rateHz = 16_000;
const clip = (i: number, seconds: number) => ({
  ...{ path: `${i}.wav`, channel: 0, digest: `${i}` },
  at: { [rateHz]: { samples: seconds * rateHz, levelDb: -20 } },
});

/** The same clips as commissioning reads them. */
function segment(spec: AudioFeatureSpec, name: string, count: number): Segment {
  const shape = [rowsPerWindow(spec), rowWidth(spec)] as const;
  const data = new Float32Array(shape[0] * shape[1]);
  return {
    name,
    windows: Array.from({ length: count }, (_, sequence) => {
      const startMs = Math.round(sequence * hopMs(spec));
      const endMs = Math.round(sequence * hopMs(spec) + windowMs(spec));
      return { data, shape, origin: name, sequence, startMs, endMs, levelDb: -20 };
    }),
  };
}

describe('what of the training clips is learnt', () => {
  it.each(
    ['mel-mean', 'mel-frames', 'mel-ensemble'].flatMap((preset) =>
      [1, 4, 5, 9, 12].map((clips) => [preset, clips] as const),
    ),
  )('%s of %i clips: what commissioning would learn of them', (preset, clips) => {
    const spec = presetRequest(preset).features as AudioFeatureSpec;
    const plan = planLearning(
      Array.from({ length: clips }, (_, i) => clip(i, 10)),
      spec,
    );
    const segments = plan.windows.map((count, i) => segment(spec, `${i}`, count));
    const { training, width, heldOut } = splitNormals(segments, spec);
    expect(plan.total).toBe(training.length / width);
    const whole = heldOut.filter(({ windows }) => windows.length === plan.windows[0]);
    expect(plan.heldOut.map(String)).toEqual(whole.map(({ name }) => name));
  });

  it('five clips of 10 s give windows of 4.5 s more than one row each', () => {
    const clips = Array.from({ length: 5 }, (_, i) => clip(i, 10));
    const { heldOut, total } = planLearning(clips, presetRequest('mel-mean').features as AudioFeatureSpec);
    expect(heldOut).toEqual([4]);
    expect(total).toBe(48);
  });
});
