import { describe, expect, it } from 'vitest';
import { dagmm } from '../../src/scorers/dagmm.js';
import {
  checkCollapse,
  checkDirection,
  checkOverfitting,
  directionOf,
  effectiveNumber,
  shareHigher,
} from '../../src/scorers/fit-checks.js';
import { openRandom } from '../../src/scorers/random.js';
import { spoiledRows, spoilings } from '../../src/scorers/spoiled-rows.js';
import { waves } from './pictures.js';

const random = openRandom(1, 'checks');
const normals = (count: number) => Array.from({ length: count }, () => random.normal());

describe('what is seen of a fit without anomalies', () => {
  it('counts how many shares count', () => {
    expect(effectiveNumber([1, 1, 1, 1])).toBeCloseTo(4, 12);
    expect(effectiveNumber([5, 0, 0])).toBeCloseTo(1, 12);
    expect(effectiveNumber([0.9, 0.1])).toBeCloseTo(Math.exp(-0.9 * Math.log(0.9) - 0.1 * Math.log(0.1)), 12);
  });

  it('tells latents that do not vary, that vary together, and a component that has every row', () => {
    const healthy = checkCollapse({ data: normals(3000), size: 3 }, [1, 2, 0.1], [0.4, 0.6]);
    expect(healthy.notes).toEqual([]);
    expect(checkCollapse({ data: normals(3000), size: 3 }, [1, 2, 1e-7], [0.4, 0.6], 2).notes).toEqual([]);
    expect(healthy.facts['check latent dimensions']).toBeGreaterThan(2.9);
    const together = normals(500).flatMap((v) => [v, -v, 2 * v, v, v, 3 * v, v, -v, v, v]);
    const { notes } = checkCollapse({ data: together, size: 10 }, [1, 1, 4, 1, 1, 9, 1, 1, 1e-7, 0], [0.999, 0.001]);
    expect(notes).toEqual([
      'collapse: latent 8, 9 of 10 hardly varies',
      'collapse: the 10 latents vary together, as 1.0 would',
      'collapse: one of 2 components has nearly every row',
    ]);
  });

  it('tells rows that were learnt by heart', () => {
    const energies = { learnt: [1, 2, 3], heldOut: [2, 3, 1] };
    expect(checkOverfitting({ learnt: [1, 1], heldOut: [1.2] }, energies).notes).toEqual([]);
    const { notes, facts } = checkOverfitting({ learnt: [1, 1], heldOut: [2, 4] }, { learnt: [1, 2], heldOut: [8, 9] });
    expect(notes).toEqual([
      'overfitting: held-out rows are reconstructed 3.0 times worse than learnt ones',
      'overfitting: held-out normals score higher than learnt ones in 100 % of pairs',
    ]);
    expect(facts['check held out higher']).toBe(1);
  });

  it('counts pairs, ties half', () => {
    expect(shareHigher([1, 2], [2, 3])).toBe(0.875);
    expect(shareHigher([5], [1, 2])).toBe(0);
  });

  it('tells a score that points the wrong way, and one that points nowhere', () => {
    expect(directionOf({ mixed: 0.98, reversed: 0.5 }).notes).toEqual([]);
    expect(directionOf({ mixed: 0.31, moved: 0.9 }).notes[0]).toMatch(/^direction: rows mixed from others .* 31 %/);
    expect(directionOf({ mixed: 0.55, moved: 0.5 }).notes[0]).toMatch(/no spoiled rows score higher .* 55 %/);
  });

  it('finds the direction of a fitted DAGMM right, and says nothing of a healthy fit', async () => {
    const rows = waves(300, [8, 8, 1], 1);
    const notes: string[] = [];
    const options = { rowKind: 'mel-flat', rowShape: [8, 8, 1], seed: 0 } as const;
    const { onnx } = await dagmm.fit(rows, { ...options, onNote: (line) => notes.push(line) });
    expect(notes).toEqual([]);
    const { facts } = await checkDirection(onnx, waves(60, [8, 8, 1], 2), options);
    expect(facts['check mixed higher']).toBeGreaterThan(0.9);
  });
});

describe('rows that are spoiled', () => {
  const rows = waves(6, [16, 16, 3], 1);

  it.each(spoilings([16, 16, 3]))('are as many and as wide, made of what was measured, and others: %s', (how) => {
    const spoiled = spoiledRows(rows, [16, 16, 3], how, 1);
    expect(spoiled.data).toHaveLength(rows.data.length);
    expect(spoiled.data).not.toEqual(rows.data);
    expect(spoiledRows(rows, [16, 16, 3], how, 1)).toEqual(spoiled);
    const known = new Set(rows.data);
    if (how !== 'blended') expect(spoiled.data.every((value) => known.has(value))).toBe(true);
  });

  it('keep every band in its place when mixed, and every line when moved', () => {
    const grid = {
      data: Float32Array.from({ length: 2 * 64 }, (_, at) => (at % 8) + 100 * Math.floor(at / 64)),
      width: 64,
    };
    const mixed = spoiledRows(grid, [8, 8, 1], 'mixed', 3).data;
    expect(mixed.every((value, at) => value % 100 === at % 8)).toBe(true);
    const moved = spoiledRows(grid, [8, 8, 1], 'moved', 3).data;
    expect([...moved.subarray(0, 8)]).toEqual([0, 0, 1, 2, 3, 4, 5, 6]);
    expect(spoilings([6])).toEqual(['mixed', 'blended']);
  });

  it('end with their first line when reversed', () => {
    const row = { data: Float32Array.of(1, 2, 3, 4, 5, 6), width: 6 };
    expect([...spoiledRows(row, [3, 2], 'reversed', 1).data]).toEqual([5, 6, 3, 4, 1, 2]);
  });
});
