import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelError, type Scorer, type Window } from '../../src/contracts.js';
import { rowsPerWindow, rowWidth } from '../../src/features/spec-sizes.js';

export interface ScorerCase {
  readonly name: string;
  open(): Promise<Scorer>;
  /** A normal window like those it was trained on. */
  normal(seed: number): Window;
  /** A window that is not normal, and the labels of the groups that are to blame, by axis. */
  odd(seed: number): { window: Window; blame: Readonly<Record<string, readonly string[]>> };
}

/** What every scorer must do. */
export function scorerContract({ name, open, normal, odd }: ScorerCase): void {
  describe(`the scorer of ${name}`, () => {
    let scorer: Scorer;
    beforeAll(async () => {
      scorer = await open();
    });
    afterAll(() => scorer.close());
    const normals = (count: number): Window[] => Array.from({ length: count }, (_, i) => normal(100 + i));

    it('gives one finite energy a window, and none for none', async () => {
      const energies = await scorer.score(normals(9));
      expect(energies).toHaveLength(9);
      expect(energies.every(Number.isFinite)).toBe(true);
      expect(await scorer.score([])).toHaveLength(0);
    });

    it('gives a window the same bits alone, among others, at any place and again', async () => {
      const windows = normals(11);
      const together = await scorer.score(windows);
      for (const [i, window] of windows.entries()) {
        expect((await scorer.score([window]))[0]).toBe(together[i]);
      }
      expect([...(await scorer.score([...windows].reverse()))].reverse()).toEqual([...together]);
    });

    it('scores the anomalous higher', async () => {
      const energies = await scorer.score([...normals(5), ...[1, 2, 3].map((seed) => odd(seed).window)]);
      expect(Math.min(...energies.subarray(5))).toBeGreaterThan(Math.max(...energies.subarray(0, 5)));
    });

    it('blames the part that is odd', async () => {
      const { window, blame } = odd(4);
      const { energy, axes } = await scorer.explain(window);
      expect(energy).toBe((await scorer.score([window]))[0]);
      for (const { axis, labels, values } of axes) {
        expect(values).toHaveLength(labels.length);
        expect(values.every(Number.isFinite)).toBe(true);
        if (blame[axis]) expect(blame[axis]).toContain(labels[values.indexOf(Math.max(...values))]);
      }
      expect(axes.map(({ axis }) => axis)).toEqual(expect.arrayContaining(Object.keys(blame)));
    });

    it('keeps finite however far a window is from normal', async () => {
      const far = normal(1);
      const [energy] = await scorer.score([{ ...far, data: far.data.map((x) => (x + 1) * 1e6) }]);
      expect(energy).toSatisfy(Number.isFinite);
    });

    it('refuses a value that is not finite, and a window of another width, naming them', async () => {
      const broken = normal(1);
      broken.data[1] = Number.NaN;
      await expect(scorer.score([broken])).rejects.toThrow('expected finite values, found NaN in row 0, column 1');
      const narrow: Window = { ...normal(1), data: new Float32Array(3), shape: [1, 3] };
      const width = rowWidth(scorer.manifest.features);
      await expect(scorer.score([narrow])).rejects.toThrow(ModelError);
      await expect(scorer.score([narrow])).rejects.toThrow(`expects rows of width ${width}, test window 0 has (1, 3)`);
    });

    it('has a manifest that says what a window is', () => {
      const { features, input } = scorer.manifest;
      expect(input.width).toBe(rowWidth(features));
      expect(input.meanRow).toHaveLength(input.width);
      expect(normal(1).shape).toEqual([rowsPerWindow(features), input.width]);
    });
  });
}
