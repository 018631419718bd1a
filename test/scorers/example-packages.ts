/** Small packages of every preset, trained on made-up normals, for the tests of scorers. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FeatureSpec, HorizonCalibration, Manifest, RowKind, Window } from '../../src/contracts.js';
import { defaultMelFlat, defaultMelFrames } from '../../src/features/default-specs.js';
import { bandLabels } from '../../src/features/mel-filters.js';
import { isSound, rowShape, rowWidth } from '../../src/features/spec-sizes.js';
import { dagmm } from '../../src/scorers/dagmm.js';
import type { Method } from '../../src/scorers/method.js';
import { sha256, writePackage } from '../../src/scorers/package-files.js';
import { openRandom } from '../../src/scorers/random.js';

export interface Example {
  readonly rowKind: RowKind;
  readonly spec: FeatureSpec;
  /** Writes the cells of one window; `odd` adds a fault. */
  fill(seed: number, odd: boolean): { data: Float32Array; shape: [number, number] };
  readonly blame: Readonly<Record<string, readonly string[]>>;
}

/** Sound of a machine whose two tones swell together; the fault is a hiss in bands 38 to 42, frames 6 to 11. */
function picture(seed: number, frames: number, odd: boolean): Float32Array {
  const random = openRandom(seed, 'picture');
  const swell = random.normal();
  return Float32Array.from({ length: frames * 64 }, (_, at) => {
    const [frame, band] = [Math.floor(at / 64), at % 64];
    const tone = band === 10 || band === 25 ? 20 + 4 * swell * Math.sin(frame / 9) : 0;
    const fault = odd && band >= 38 && band <= 42 && frame >= 6 && frame < 12 ? 30 : 0;
    return -60 + tone + fault + 2 * random.normal();
  });
}

const bands = bandLabels(defaultMelFrames().mel);
const frames = { ...defaultMelFrames(), hopFrames: 27 };
const flat = { ...defaultMelFlat(), windowFrames: 16, hopFrames: 16 };
const PIXELS = 16;

export const EXAMPLES: readonly Example[] = [
  {
    rowKind: 'mel-frames',
    spec: frames,
    fill: (seed, odd) => {
      const cells = picture(seed, 31, odd);
      const rows = Array.from({ length: 27 }, (_, row) => [...cells.subarray(row * 64, (row + 5) * 64)]);
      return { data: Float32Array.from(rows.flat()), shape: [27, 320] };
    },
    // A stack around frame 5 holds frames 6 and 7.
    blame: { band: bands.slice(38, 43), second: ['0.2 s'] },
  },
  {
    rowKind: 'mel-flat',
    spec: flat,
    fill: (seed, odd) => ({ data: picture(seed, 16, odd), shape: [1, 1024] }),
    blame: { band: bands.slice(38, 43), second: ['0.2 s'] },
  },
  {
    rowKind: 'image-flat',
    spec: { kind: 'image-flat', width: PIXELS, height: PIXELS, channels: 1 },
    fill: (seed, odd) => {
      const random = openRandom(seed, 'image');
      const light = 0.4 + 0.05 * random.normal();
      const data = Float32Array.from({ length: PIXELS * PIXELS }, (_, at) => {
        const [y, x] = [Math.floor(at / PIXELS), at % PIXELS];
        const scratch = odd && y >= 9 && y < 12 && x >= 2 && x < 6 ? 0.4 : 0;
        return light + 0.2 * Math.sin(x / 3) + 0.01 * random.normal() + scratch;
      });
      return { data, shape: [1, PIXELS * PIXELS] };
    },
    blame: { pixel: ['x 0–7, y 8–15'] },
  },
  {
    rowKind: 'table',
    spec: {
      kind: 'table',
      columns: [
        { name: 'flow', type: 'numeric', mean: 0, deviation: 1 },
        { name: 'valve', type: 'categorical', categories: ['open', 'shut'] },
        { name: 'pressure', type: 'numeric', mean: 0, deviation: 1 },
        { name: 'heat', type: 'numeric', mean: 0, deviation: 1 },
      ],
      dropped: [],
      timeColumn: null,
    },
    fill: (seed, odd) => {
      const random = openRandom(seed, 'table');
      const flow = random.normal();
      const open = flow > 0 ? 1 : 0;
      const heat = odd ? 7 : random.normal();
      return { data: Float32Array.of(flow, open, 1 - open, flow + 0.1 * random.normal(), heat), shape: [1, 5] };
    },
    blame: { column: ['heat'] },
  },
];

export function windowOf(example: Example, seed: number, odd = false): Window {
  const modality = modalityOf(example);
  const origin = { feed: 'test', machine: 'test', sequence: 0, startMs: 0, endMs: 1000, origin: 'test', gap: false };
  return { ...origin, ...example.fill(seed, odd), modality };
}

const modalityOf = ({ spec }: Example) => (isSound(spec) ? 'audio' : spec.kind === 'table' ? 'table' : 'image');

const HORIZON: HorizonCalibration = {
  smoothing: { kind: 'mean', windows: 1 },
  sorted: [0, 1],
  independent: 2,
  maximum: 1,
  clearBelow: 1,
  tail: null,
};

/** Fits a method's first recipe to `windows` normals and writes the package. @returns its folder */
export async function writeExample(example: Example, windows: number, method: Method = dagmm): Promise<string> {
  const normals = Array.from({ length: windows }, (_, i) => example.fill(10_000 + i, false).data);
  const width = rowWidth(example.spec);
  const rows = { data: Float32Array.from(normals.flatMap((data) => [...data])), width };
  const { rowKind } = example;
  const {
    onnx,
    meanRow,
    scoringRows,
    mixture: _,
    ...fit
  } = await method.fit(rows, {
    rowKind,
    rowShape: rowShape(example.spec),
    seed: 0,
  });
  const folder = join(await mkdtemp(join(tmpdir(), 'auscult-package-')), rowKind);
  const manifest: Manifest = {
    format: 1,
    name: rowKind,
    scorer: method.name,
    createdAt: '2026-01-01T00:00:00.000Z',
    auscultVersion: '0.0.0',
    modality: modalityOf(example),
    features: example.spec,
    input: { width, scoringRows, meanRow: [...meanRow] },
    engine: { runtime: 'test', device: 'cpu', threads: 1 },
    training: {
      preset: rowKind,
      recipe: method.recipes[0] ?? '',
      seed: 0,
      ...fit,
      dataDigest: '0'.repeat(64),
      files: 1,
      rows: rows.data.length / width,
      heldOutRows: 0,
      seconds: 0,
    },
    calibration: {
      windowMs: 1000,
      hopMs: 1000,
      observedMs: 2000,
      short: HORIZON,
      long: null,
      level: null,
      descriptors: null,
    },
    modelDigest: sha256(onnx),
  };
  await writePackage(folder, onnx, manifest);
  return folder;
}
