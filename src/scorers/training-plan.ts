import type { HostTensor } from '../engine/index.js';
import { openRandom, type Random } from './random.js';

/** Steps of one native call: long enough to forget its cost, short enough to cancel and to save. */
export const STEPS_PER_CALL = 64;

export interface PlanOptions {
  readonly seed: number;
  readonly phase: string;
  readonly rows: number;
  readonly batchRows: number;
  readonly epochs: number;
  /** Shape of the dropout mask and of the noise of one step; null where the recipe has none. */
  readonly mask: { readonly shape: readonly [number, number]; readonly keep: number } | null;
  readonly noise: { readonly shape: readonly [number, number]; readonly deviation: number } | null;
}

/**
 * Which rows and which random numbers each step sees: a pure function of seed, phase and step, so that a resumed
 * training repeats an uninterrupted one to the bit.
 */
export class TrainingPlan {
  readonly steps: number;
  readonly epochs: number;
  readonly batchRows: number;
  /** What one step is fed, in the order of {@link randomness}. */
  readonly perStep: readonly { readonly shape: readonly number[] }[];
  readonly #stepsPerEpoch: number;
  #epoch = -1;
  #order: Int32Array = new Int32Array(0);

  constructor(private readonly options: PlanOptions) {
    this.#stepsPerEpoch = Math.ceil(options.rows / options.batchRows);
    this.steps = this.#stepsPerEpoch * options.epochs;
    this.epochs = options.epochs;
    this.batchRows = options.batchRows;
    this.perStep = [options.mask, options.noise].flatMap((input) => (input ? [{ shape: input.shape }] : []));
  }

  /** (count, batchRows) row numbers of the steps from `first`; the short last batch is filled from the epoch's start. */
  indices(first: number, count: number): BigInt64Array {
    const { batchRows, rows } = this.options;
    const out = new BigInt64Array(count * batchRows);
    for (let s = 0; s < count; s++) {
      const order = this.#permutation(Math.floor((first + s) / this.#stepsPerEpoch));
      const from = ((first + s) % this.#stepsPerEpoch) * batchRows;
      for (let i = 0; i < batchRows; i++) out[s * batchRows + i] = BigInt(order[(from + i) % rows] as number);
    }
    return out;
  }

  /** The masks and the noise of the steps from `first`: (count, …shape) each, in the order of the step's inputs. */
  randomness(first: number, count: number): HostTensor[] {
    const { mask, noise } = this.options;
    const tensors: HostTensor[] = [];
    if (mask) tensors.push(this.#fill('mask', first, count, mask.shape, (out, random) => random.mask(out, mask.keep)));
    if (noise) {
      const { shape, deviation } = noise;
      const draw = (out: Float32Array, random: Random): void => {
        for (let i = 0; i < out.length; i++) out[i] = deviation * random.normal();
      };
      tensors.push(this.#fill('noise', first, count, shape, draw));
    }
    return tensors;
  }

  #fill(
    name: string,
    first: number,
    count: number,
    shape: readonly [number, number],
    draw: (out: Float32Array, random: Random) => void,
  ): HostTensor {
    const size = shape[0] * shape[1];
    const data = new Float32Array(count * size);
    for (let s = 0; s < count; s++) {
      draw(data.subarray(s * size, (s + 1) * size), openRandom(this.options.seed, name, this.options.phase, first + s));
    }
    return { data, shape: [count, ...shape] };
  }

  #permutation(epoch: number): Int32Array {
    if (epoch !== this.#epoch) {
      this.#order = openRandom(this.options.seed, 'permutation', this.options.phase, epoch).permutation(
        this.options.rows,
      );
      this.#epoch = epoch;
    }
    return this.#order;
  }
}
