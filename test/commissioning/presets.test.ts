import { describe, expect, it } from 'vitest';
import { PRESETS, presetRequest } from '../../src/commissioning/presets/index.js';
import { rowShape, rowWidth, windowMs } from '../../src/features/spec-sizes.js';
import { methodNamed, recipeOf } from '../../src/scorers/methods.js';

const sounds = PRESETS.filter(({ modality }) => modality === 'audio');

describe('the presets', () => {
  it('have names of their own', () => {
    expect(new Set(PRESETS.map(({ name }) => name)).size).toBe(PRESETS.length);
  });

  it('hold the customer’s ways, what others use, and what a figure must beat', () => {
    const of = (group: string): string[] => PRESETS.filter((p) => p.group === group).map(({ name }) => name);
    expect(of('dagmm')).toEqual(expect.arrayContaining(['raw-flat', 'mel-flat', 'mel-frames', 'mel-id']));
    expect(of('peer')).toEqual(
      expect.arrayContaining(['mimii-ae', 'dcase-ae', 'idnn', 'selective-mahalanobis', 'gmm-twfr', 'encoder-knn']),
    );
    expect(of('control')).toEqual(['rms-only', 'mean-spectrum', 'untrained']);
  });

  it.each(sounds.map(({ name }) => name))(
    '%s asks a method for what it can learn, with settings that it has',
    (name) => {
      const { features, method = 'dagmm', recipe, settings = {} } = presetRequest(name, { level: 'match' });
      if (features.kind === 'learn-table' || features.kind === 'table' || features.kind === 'image-flat')
        throw new RangeError(`${name}: expected features of sound`);
      const known = methodNamed(method);
      expect(known.rowKinds ?? [features.kind]).toContain(features.kind);
      expect(features.level.policy).toBe('match');
      const width = rowWidth(features);
      expect(rowShape(features).reduce((product, size) => product * size, 1)).toBe(width);
      const defaults = known.defaults?.(features.kind, recipeOf(known, recipe), 100, width) ?? {};
      expect(Object.keys(defaults)).toEqual(expect.arrayContaining(Object.keys(settings)));
    },
  );

  it('have windows that a clip of ten seconds holds', () => {
    for (const { name } of sounds) {
      const { features } = presetRequest(name);
      if ('windowFrames' in features) expect(windowMs(features)).toBeLessThanOrEqual(10_000);
    }
  });

  it('take the customer’s five seconds', () => {
    const { features } = presetRequest('raw-flat');
    expect('windowFrames' in features && windowMs(features)).toBe(5024);
  });
});
