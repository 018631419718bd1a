/** Methods × seeds on good and defective pictures: each learns good ones, and is judged by the graph that a package has. */
import { createHash } from 'node:crypto';
import { runTraining } from '../../commissioning/run-training.js';
import { AuscultError, ConfigError, type ImageFlatSpec, ModelError } from '../../contracts.js';
import { rowShape } from '../../features/spec-sizes.js';
import { type CheckpointPlace, openCheckpoints } from '../../scorers/checkpoint.js';
import type { FittedModel, Hyperparameters } from '../../scorers/method.js';
import { methodNamed, recipeOf } from '../../scorers/methods.js';
import { RowScorer } from '../../scorers/row-scorer.js';
import { codeDigest } from '../code-digest.js';
import { presetsAsked } from '../method-request.js';
import { stepsOf } from '../metrics.js';
import type { ResultCache } from '../result-cache.js';
import { type Assignment, settingsOf } from '../settings.js';
import { gammaPoint } from '../sound/gamma-threshold.js';
import { metricsAt, NORMAL_SHARE, type SoundMetrics } from '../sound/judge.js';
import type { PictureSet } from './picture-folder.js';
import { type PictureRows, type ReadPictures, readPictures } from './picture-rows.js';

export interface PictureMethod {
  /** The preset's. */
  readonly name: string;
  readonly spec: ImageFlatSpec;
  readonly method: string;
  readonly recipe: string;
  readonly settings: Hyperparameters;
}

/** Everything that is kept of a trial. */
export interface PictureTrial {
  /** Energies of the test pictures, and of training pictures that were not learnt. */
  readonly normals: readonly number[];
  readonly anomalies: readonly number[];
  readonly heldOut: readonly number[];
  readonly fitSeconds: number;
  readonly notes: readonly string[];
  readonly hyperparameters: Hyperparameters;
}

export interface PictureOutcome {
  readonly method: PictureMethod;
  /** By seed; null where it failed. */
  readonly trials: readonly (PictureTrial | null)[];
  /** The first failure. */
  readonly error: string | null;
  readonly pictures: ReadPictures;
}

export interface EvaluatePicturesOptions {
  readonly set: PictureSet;
  readonly methods: readonly PictureMethod[];
  readonly seeds: number;
  readonly firstSeed: number;
  readonly threads: number;
  readonly cache: ResultCache<PictureTrial>;
  readonly signal: AbortSignal;
  /** @param share 0…1   @param note what is running */
  readonly onProgress?: (share: number, note: string) => void;
}

/** @param names of presets of pictures, or `all`   @throws {ConfigError} for a name or a setting that is not there */
export function pictureMethods(names: readonly string[], assignments: readonly Assignment[]): PictureMethod[] {
  const runs = presetsAsked(names, 'image').map(({ name, features, method, recipe, settings: own = {} }) => {
    const spec = features({});
    if (spec.kind !== 'image-flat') throw new ConfigError(`preset ${name}: expected features of pictures`);
    return { name, spec, method, recipe: recipeOf(methodNamed(method), recipe), own };
  });
  return settingsOf(runs, assignments, 'image-flat').map(({ own, settings, ...run }) => ({
    ...run,
    settings: { ...own, ...settings },
  }));
}

/** A method that cannot learn says so in its outcome; the others go on. @throws the signal's reason */
export async function evaluatePictures(options: EvaluatePicturesOptions): Promise<PictureOutcome[]> {
  const { set, methods, seeds, firstSeed, signal } = options;
  const bySize = new Map<string, ReadPictures>();
  const outcomes: PictureOutcome[] = [];
  for (const [at, method] of methods.entries()) {
    const size = JSON.stringify(method.spec);
    const pictures = bySize.get(size) ?? (await readPictures(set, method.spec, signal));
    bySize.set(size, pictures);
    const trials: (PictureTrial | null)[] = [];
    let error = lacking(pictures);
    for (let i = 0; i < seeds && error === null; i++) {
      const share = (at + i / seeds) / methods.length;
      const report = (part: number) => options.onProgress?.(share + part / (methods.length * seeds), method.name);
      try {
        trials.push(await cachedTrial(pictures, method, firstSeed + i, report, options));
      } catch (cause) {
        signal.throwIfAborted();
        if (!(cause instanceof AuscultError)) throw cause;
        error = cause.message;
        trials.push(null);
      }
    }
    outcomes.push({ method, trials, error, pictures });
  }
  return outcomes;
}

const lacking = ({ train, normals, anomalies }: ReadPictures): string | null =>
  [train.rows, normals.rows, anomalies.rows].includes(0)
    ? 'expected good and defective pictures that can be read, found none of one kind'
    : null;

async function cachedTrial(
  pictures: ReadPictures,
  method: PictureMethod,
  seed: number,
  report: (share: number) => void,
  { cache, threads, signal }: EvaluatePicturesOptions,
): Promise<PictureTrial> {
  const { train, normals, anomalies } = pictures;
  const digests = [train, normals, anomalies].map((rows) => rows.digests);
  const data = createHash('sha256').update(JSON.stringify(digests)).digest('hex');
  const { name: _, ...how } = method;
  const key = JSON.stringify({ code: codeDigest([...CODE]), data, ...how, seed, threads });
  const known = await cache.read(key);
  if (known) return known;
  const checkpoint = cache.checkpoint(key);
  const trial = await runTrial(pictures, { ...how, seed, threads, checkpoint }, { signal, report });
  await cache.write(key, trial);
  await openCheckpoints(checkpoint).clear();
  return trial;
}

const CODE = ['contracts.js', 'sources/images', 'features', 'engine', 'scorers', 'evaluation/pictures'] as const;

type TrialPlan = Omit<PictureMethod, 'name'> & {
  readonly seed: number;
  readonly threads: number;
  readonly checkpoint: CheckpointPlace;
};

/** Every fifth training picture is held out, as `auscult train` does, for the threshold. */
async function runTrial(
  pictures: ReadPictures,
  { spec, ...how }: TrialPlan,
  { signal, report }: { signal: AbortSignal; report: (share: number) => void },
): Promise<PictureTrial> {
  const width = spec.width * spec.height * spec.channels;
  const { learnt, heldOut } = parted(pictures.train, width);
  const notes: string[] = [];
  const started = performance.now();
  const fitted = await runTraining(
    { ...how, rows: learnt.data, width, rowKind: spec.kind, rowShape: rowShape(spec), device: 'cpu' },
    {
      signal,
      onNote: (line) => notes.push(line),
      onStep: ({ step, steps }) => steps > 0 && report(step / steps),
    },
  );
  const fitSeconds = (performance.now() - started) / 1000;
  const { normals, anomalies } = pictures;
  const scores = await scored(fitted, width, how.threads, { normals, anomalies, heldOut });
  return { ...scores, fitSeconds, notes, hyperparameters: fitted.hyperparameters };
}

type Rows = Pick<PictureRows, 'data' | 'rows'>;

function parted({ data, rows }: PictureRows, width: number): { learnt: Rows; heldOut: Rows } {
  const pick = (wanted: (n: number) => boolean): Rows => {
    const numbers = Array.from({ length: rows }, (_, n) => n).filter(wanted);
    const out = new Float32Array(new SharedArrayBuffer(4 * width * numbers.length));
    numbers.forEach((n, i) => {
      out.set(data.subarray(n * width, (n + 1) * width), i * width);
    });
    return { data: out, rows: numbers.length };
  };
  if (rows < 10) throw new ModelError(`good pictures: expected at least 10 to learn from, found ${rows}`);
  return { learnt: pick((n) => n % 5 !== 4), heldOut: pick((n) => n % 5 === 4) };
}

async function scored<Name extends string>(
  { onnx, scoringRows }: FittedModel,
  width: number,
  threads: number,
  sets: Readonly<Record<Name, Rows>>,
): Promise<Record<Name, number[]>> {
  const scorer = await RowScorer.open(onnx, { width, scoringRows, device: 'cpu', threads });
  try {
    const out: Partial<Record<Name, number[]>> = {};
    for (const [name, { data, rows }] of Object.entries(sets) as [Name, Rows][])
      out[name] = Array.from(await scorer.score([{ data, rows }]));
    return out as Record<Name, number[]>;
  } finally {
    await scorer.close();
  }
}

/** As of clips of sound: the threshold is the gamma distribution's 90 % point of held-out good pictures. */
export function pictureMetrics({ normals, anomalies, heldOut }: PictureTrial): SoundMetrics & { threshold: number } {
  const labels = Uint8Array.from([...normals.map(() => 0), ...anomalies.map(() => 1)]);
  const steps = stepsOf(Float64Array.from([...normals, ...anomalies]), labels);
  const threshold = gammaPoint(heldOut, NORMAL_SHARE);
  return { ...metricsAt(threshold, steps), threshold };
}
