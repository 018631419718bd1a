import { ModelError } from '../contracts.js';
import { openSession, type Session, type SessionOptions } from '../engine/session.js';

/** Rows of several windows, one after the other. */
export interface RowBlock {
  /** (rows, width) raw feature rows. */
  readonly data: Float32Array;
  readonly rows: number;
  /** True when it is known that every value is finite. */
  readonly finite?: boolean;
}

export interface RowScorerOptions extends SessionOptions {
  readonly width: number;
  /** Rows of every native call, padded. */
  readonly scoringRows: number;
  /** (width) What rows are near; zeros by default. Places are told apart by such rows: far ones all have coarse energies. */
  readonly meanRow?: ArrayLike<number>;
}

/**
 * Calls of this many times `scoringRows` for many rows at once, and their largest size, values. Five times 64 rows are
 * the side-by-side windows of 10 s of sound.
 */
const BULK = 5;
const BULK_VALUES = 1 << 18;

/** What was seen of a device: where a row may lie in a call without another bit in its energy. */
interface Freedom {
  /** Places that are a multiple of this apart are alike. Divides scoringRows; scoringRows itself = the place matters. */
  readonly grain: number;
  /** Rows of a larger call that gives the same bits; scoringRows = none does. */
  readonly bulkRows: number;
}

/**
 * Energies of raw rows by ONNX Runtime alone. Calls have a fixed number of rows, and a block's rows lie at places that
 * the device was seen to treat alike: so a block has the same energies, to the bit, alone and among others. Owned by
 * whoever opened it.
 */
export class RowScorer {
  /** Inputs of calls that are over, by their size: making and clearing them would keep the garbage collector busy. */
  readonly #spare = new Map<number, Float32Array[]>();

  private constructor(
    private readonly session: Session,
    private readonly options: RowScorerOptions,
    private readonly freedom: Freedom,
  ) {}

  static async open(model: Uint8Array | string, options: RowScorerOptions): Promise<RowScorer> {
    const sample = { rows: { data: probeRows(options, 1), shape: [options.scoringRows, options.width] } };
    const session = await openSession(model, { device: options.device, threads: options.threads, sample });
    try {
      const bulkRows = await findBulk(session, options);
      return new RowScorer(session, options, { grain: await findGrain(session, options), bulkRows });
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Where it runs; `auto` has chosen. */
  get device(): string {
    return this.session.device;
  }

  /** @returns energies of every row of every block   @throws {ModelError} for a value that is not finite */
  async score(blocks: readonly RowBlock[]): Promise<Float64Array> {
    return (await this.#run(blocks, false)).energies;
  }

  /** The same, and (rows, D) latents. @throws {ModelError} also where the model has no output "latent" */
  async scoreWithLatents(blocks: readonly RowBlock[]): Promise<{ energies: Float64Array; latents: Float64Array }> {
    const { energies, latents } = await this.#run(blocks, true);
    if (latents || energies.length === 0) return { energies, latents: latents ?? new Float64Array(0) };
    throw new ModelError('model: expected a float32 output "latent", found none');
  }

  async #run(
    blocks: readonly RowBlock[],
    wanted: boolean,
  ): Promise<{ energies: Float64Array; latents: Float64Array | null }> {
    const { grain } = this.freedom;
    const places: number[] = [];
    let end = 0;
    for (const { data, rows, finite = false } of blocks) {
      if (!finite) refuseNonFinite(data, this.options.width);
      places.push(end);
      end += Math.ceil(rows / grain) * grain;
    }
    const placed = new Float64Array(end);
    let placedLatents: Float64Array | null = null;
    for (let from = 0; from < end; ) {
      const rows = this.#callRows(end - from);
      const call = this.#gather(blocks, places, from, rows);
      const { energy, latent } = await outputsOf(this.session, call, this.options.width);
      placed.set(energy.subarray(0, end - from), from);
      if (wanted && latent) {
        const size = latent.length / rows;
        placedLatents ??= new Float64Array(end * size);
        placedLatents.set(latent.subarray(0, (end - from) * size), from * size);
      }
      this.#spare.get(call.length)?.push(call);
      from += rows;
    }
    const latents = placedLatents && inOrder(blocks, places, placedLatents, placedLatents.length / end);
    return { energies: inOrder(blocks, places, placed, 1), latents };
  }

  #callRows(left: number): number {
    const { scoringRows } = this.options;
    return left > 2 * scoringRows ? this.freedom.bulkRows : scoringRows;
  }

  /** Places `from` to `from + rows` as one call; zeros where no block lies. */
  #gather(blocks: readonly RowBlock[], places: readonly number[], from: number, rows: number): Float32Array {
    const { width } = this.options;
    const call = this.#take(rows * width);
    for (const [i, block] of blocks.entries()) {
      const place = places[i] as number;
      const first = Math.max(from, place);
      const last = Math.min(from + rows, place + block.rows);
      if (first >= last) continue;
      call.set(block.data.subarray((first - place) * width, (last - place) * width), (first - from) * width);
    }
    return call;
  }

  /** Zeros. */
  #take(length: number): Float32Array {
    const spare = this.#spare.get(length);
    if (!spare) this.#spare.set(length, []);
    return spare?.pop()?.fill(0) ?? new Float32Array(length);
  }

  close(): Promise<void> {
    return this.session.close();
  }
}

/** @param size numbers of a row */
function inOrder(
  blocks: readonly RowBlock[],
  places: readonly number[],
  placed: Float64Array,
  size: number,
): Float64Array {
  const values = new Float64Array(blocks.reduce((sum, { rows }) => sum + rows, 0) * size);
  let done = 0;
  for (const [i, { rows }] of blocks.entries()) {
    const place = places[i] as number;
    values.set(placed.subarray(place * size, (place + rows) * size), done * size);
    done += rows;
  }
  return values;
}

async function run(session: Session, data: Float32Array, width: number): Promise<Float32Array> {
  return (await outputsOf(session, data, width)).energy;
}

async function outputsOf(
  session: Session,
  data: Float32Array,
  width: number,
): Promise<{ energy: Float32Array; latent: Float32Array | null }> {
  const { energy, latent } = await session.run({ rows: { data, shape: [data.length / width, width] } });
  if (!(energy?.data instanceof Float32Array)) throw new ModelError('model: expected a float32 output "energy"');
  return { energy: energy.data, latent: latent?.data instanceof Float32Array ? latent.data : null };
}

function refuseNonFinite(data: Float32Array, width: number): void {
  if (allFinite(data)) return;
  const at = data.findIndex((value) => !Number.isFinite(value));
  const where = `row ${Math.floor(at / width)}, column ${at % width}`;
  throw new ModelError(`window: expected finite values, found ${data[at]} in ${where}`);
}

/** Zero times anything finite is 0. In four sums that do not wait for each other. */
function allFinite(data: Float32Array): boolean {
  const whole = data.length - (data.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += 0 * (data[i] as number);
    b += 0 * (data[i + 1] as number);
    c += 0 * (data[i + 2] as number);
    d += 0 * (data[i + 3] as number);
  }
  for (let i = whole; i < data.length; i++) a += 0 * (data[i] as number);
  return a + b + c + d === 0;
}

/** How far the rows of a probe are from the mean, in turn: z-scores and decibels. */
const PROBE_SCALES = [40, 4, 1, 0.3];
/** Of a row in fifty another place changes a bit: so many probes show it nearly always. */
const PROBES = 4;

/** Rows that are all different, near and far from what the model has learnt. */
function probeRows({ width, scoringRows, meanRow }: RowScorerOptions, calls: number, seed = 0): Float32Array {
  return Float32Array.from({ length: calls * scoringRows * width }, (_, i) => {
    const scale = PROBE_SCALES[Math.floor(i / width) % PROBE_SCALES.length] ?? 1;
    return (meanRow?.[i % width] ?? 0) + Math.sin((i + seed) * 12.9898) * scale;
  });
}

/** Different rows, then the same ones moved along: how far apart must two places be to give a row the same bits? */
async function findGrain(session: Session, options: RowScorerOptions): Promise<number> {
  const { scoringRows } = options;
  let grain = 1;
  for (let seed = 0; seed < PROBES && grain < scoringRows; seed++) {
    const probe = probeRows(options, 1, seed);
    const still = await run(session, probe, options.width);
    while (grain < scoringRows && !(await isAlike(session, options, probe, still, grain))) grain *= 2;
  }
  return scoringRows % grain === 0 ? grain : scoringRows;
}

/** Whether each row has the same bits some places on that are multiples of `grain`. */
async function isAlike(
  session: Session,
  { width, scoringRows }: RowScorerOptions,
  probe: Float32Array,
  still: Float32Array,
  grain: number,
): Promise<boolean> {
  if (scoringRows % grain !== 0) return false;
  const half = scoringRows / 2 - ((scoringRows / 2) % grain);
  for (const shift of [grain, (3 * grain) % scoringRows, half]) {
    const moved = await run(session, rotated(probe, shift * width), width);
    if (moved.some((energy, row) => energy !== still[(row + shift) % scoringRows])) return false;
  }
  return true;
}

/** Does one large call give every row the bits that it has in calls of `scoringRows`? */
async function findBulk(session: Session, options: RowScorerOptions): Promise<number> {
  const { width, scoringRows } = options;
  const call = scoringRows * width;
  if (BULK * call > BULK_VALUES) return scoringRows;
  const probe = probeRows(options, BULK);
  const large = await run(session, probe, width);
  for (let i = 0; i < BULK; i++) {
    const small = await run(session, probe.slice(i * call, (i + 1) * call), width);
    if (small.some((energy, row) => energy !== large[i * scoringRows + row])) return scoringRows;
  }
  return BULK * scoringRows;
}

function rotated(data: Float32Array, by: number): Float32Array {
  const out = new Float32Array(data.length);
  out.set(data.subarray(by));
  out.set(data.subarray(0, by), data.length - by);
  return out;
}
