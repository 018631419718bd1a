import { z } from 'zod';
import { type Manifest, ModelError } from '../contracts.js';

const count = z.int().positive();
const mel = z.strictObject({ sampleRateHz: z.number().positive(), fftSize: count, hopSamples: count, melBands: count });
const level = z.strictObject({ policy: z.enum(['keep', 'match']), referenceLevelDb: z.number() });
const windowing = { mel, level, windowFrames: count, hopFrames: count };
const column = z.discriminatedUnion('type', [
  z.strictObject({ name: z.string(), type: z.literal('numeric'), mean: z.number(), deviation: z.number().positive() }),
  z.strictObject({ name: z.string(), type: z.literal('categorical'), categories: z.array(z.string()) }),
]);
const features = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('mel-frames'), ...windowing, stackFrames: count }),
  z.strictObject({ kind: z.literal('mel-flat'), ...windowing }),
  z.strictObject({
    kind: z.literal('mel-pooled'),
    ...windowing,
    ranks: z.array(z.number().min(0).max(1)),
    deviation: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('raw-flat'), ...windowing }),
  z.strictObject({ kind: z.literal('level'), ...windowing }),
  z.strictObject({
    kind: z.literal('image-flat'),
    width: count,
    height: count,
    channels: z.union([z.literal(1), z.literal(3)]),
  }),
  z.strictObject({
    kind: z.literal('table'),
    columns: z.array(column).min(1),
    dropped: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
    timeColumn: z.string().nullable(),
    watch: z
      .looseObject({
        rows: z.int(),
        columns: z.array(
          z.looseObject({
            name: z.string(),
            constantRows: z.int(),
            missingRows: z.int(),
            heldRows: z.int().nonnegative().optional(),
          }),
        ),
        constants: z.array(z.looseObject({ name: z.string(), value: z.string() })),
      })
      .optional(),
  }),
]);

const smoothing = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('mean'), windows: count }),
  z.strictObject({ kind: z.literal('m-of-n'), m: count, n: count }),
]);
const tail = z.looseObject({ t: z.number(), shape: z.number(), scale: z.number(), exceedances: z.int() });
const horizon = z.looseObject({
  smoothing,
  sorted: z.array(z.number()),
  independent: z.number(),
  maximum: z.number(),
  clearBelow: z.number(),
  tail: tail.nullable(),
  cap: z.number().optional(),
});
const calibration = z.looseObject({
  windowMs: z.number().positive(),
  hopMs: z.number().positive(),
  observedMs: z.number().nonnegative(),
  short: horizon,
  long: horizon.nullable(),
  level: z.looseObject({ meanDb: z.number(), deviationDb: z.number() }).nullable(),
  descriptors: z.record(z.string(), z.number()).nullable(),
  repeatedShare: z.number().min(0).max(1).optional(),
});

const hyperparameter = z.union([z.number(), z.string(), z.boolean(), z.array(z.number())]);
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits');
const training = z.strictObject({
  preset: z.string(),
  recipe: z.string(),
  seed: z.int(),
  epochs: z.int(),
  hyperparameters: z.record(z.string(), hyperparameter),
  dataDigest: digest,
  files: z.int(),
  rows: count,
  heldOutRows: z.int().nonnegative(),
  skippedSteps: z.int().nonnegative(),
  singularRetries: z.int().nonnegative(),
  seconds: z.number().nonnegative(),
  finalLoss: z.number().nullable(),
});

const mixture = z
  .strictObject({
    components: count,
    size: count,
    phi: z.array(z.number().positive()),
    mean: z.array(z.number()),
    covariance: z.array(z.number()),
    epsilon: z.number().nonnegative(),
  })
  .refine(
    ({ components: k, size: d, ...m }) =>
      m.phi.length === k && m.mean.length === k * d && m.covariance.length === k * d * d,
    'expected K, K·D and K·D·D numbers',
  );

const manifest = z.strictObject({
  format: z.literal(1),
  name: z.string().min(1),
  scorer: z.string().min(1),
  createdAt: z.iso.datetime(),
  auscultVersion: z.string(),
  modality: z.enum(['audio', 'image', 'table']),
  features,
  input: z.strictObject({ width: count, scoringRows: count, meanRow: z.array(z.number()) }),
  engine: z.strictObject({ runtime: z.string(), device: z.string(), threads: count }),
  training,
  calibration,
  mixture: mixture.optional(),
  modelDigest: digest,
});

/**
 * @param path named in errors   @throws {ModelError} one line that names every key that is not as expected
 */
export function parseManifest(text: string, path: string): Manifest {
  const parsed = manifest.safeParse(parseJson(text, path));
  if (parsed.success) return parsed.data as Manifest;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'whole file'}: ${issue.message}`);
  throw new ModelError(`${path}: ${problems.join('; ')}`, { cause: parsed.error });
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ModelError(`${path}: expected JSON, found ${JSON.stringify(text.slice(0, 20))}`, { cause });
  }
}
