import { ModelError } from '../contracts.js';
import { openSession, type Session, type SessionOptions } from '../engine/session.js';

/** Rows of several windows, one after the other. */
export interface RowBlock {
  /** (rows, width) raw feature rows. */
  readonly data: Float32Array;
  readonly rows: number;
}

export interface RowScorerOptions extends SessionOptions {
  readonly width: number;
  /** Rows of every native call, padded. */
  readonly scoringRows: number;
}

/**
 * Energies of raw rows by ONNX Runtime alone. Every call has the same number of rows, and a block's rows lie at the
 * same places of a call unless the device was seen to give a row the same bits at any place: so a block has the same
 * energies alone and among others. Owned by whoever opened it.
 */
export class RowScorer {
  private constructor(
    private readonly session: Session,
    private readonly options: RowScorerOptions,
    private readonly placeMatters: boolean,
  ) {}

  static async open(model: Uint8Array | string, options: RowScorerOptions): Promise<RowScorer> {
    const sample = { rows: { data: probeRows(options), shape: [options.scoringRows, options.width] } };
    const session = await openSession(model, { device: options.device, threads: options.threads, sample });
    try {
      return new RowScorer(session, options, await placeMatters(session, options));
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Where it runs; `auto` has chosen. */
  get device(): string {
    return this.session.device;
  }

  get threads(): number {
    return this.session.threads;
  }

  /** @returns energies of every row of every block, nats   @throws {ModelError} for a value that is not finite */
  async score(blocks: readonly RowBlock[]): Promise<Float64Array> {
    const { width, scoringRows } = this.options;
    const total = blocks.reduce((sum, { rows }) => sum + rows, 0);
    const energies = new Float64Array(total);
    const call = new Float32Array(scoringRows * width);
    let filled = 0;
    let done = 0;
    const flush = async (): Promise<void> => {
      if (filled === 0) return;
      energies.set((await run(this.session, call, width)).subarray(0, filled), done);
      done += filled;
      filled = 0;
      call.fill(0);
    };
    for (const { data, rows } of blocks) {
      refuseNonFinite(data, width);
      for (let row = 0; row < rows; ) {
        const fitting = Math.min(rows - row, scoringRows - filled);
        call.set(data.subarray(row * width, (row + fitting) * width), filled * width);
        filled += fitting;
        row += fitting;
        if (filled === scoringRows) await flush();
      }
      if (this.placeMatters) await flush();
    }
    await flush();
    return energies;
  }

  close(): Promise<void> {
    return this.session.close();
  }
}

async function run(session: Session, data: Float32Array, width: number): Promise<Float32Array> {
  const { energy } = await session.run({ rows: { data, shape: [data.length / width, width] } });
  if (!(energy?.data instanceof Float32Array)) throw new ModelError('model: expected a float32 output "energy"');
  return energy.data;
}

function refuseNonFinite(data: Float32Array, width: number): void {
  for (let at = 0; at < data.length; at++) {
    if (Number.isFinite(data[at])) continue;
    const where = `row ${Math.floor(at / width)}, column ${at % width}`;
    throw new ModelError(`window: expected finite values, found ${data[at]} in ${where}`);
  }
}

/** Rows that are all different, of the size of any feature. */
function probeRows({ width, scoringRows }: RowScorerOptions): Float32Array {
  return Float32Array.from({ length: scoringRows * width }, (_, i) => Math.sin(i * 12.9898) * 40);
}

/** Different rows, then the same ones moved along: are a row's bits the same wherever it lies and whoever lies beside it? */
async function placeMatters(session: Session, options: RowScorerOptions): Promise<boolean> {
  const { width, scoringRows } = options;
  const probe = probeRows(options);
  const first = await run(session, probe, width);
  for (const shift of [1, 3, scoringRows >> 1]) {
    const moved = await run(session, rotated(probe, shift * width), width);
    for (let row = 0; row < scoringRows; row++) {
      if (moved[row] !== first[(row + shift) % scoringRows]) return true;
    }
  }
  return false;
}

function rotated(data: Float32Array, by: number): Float32Array {
  const out = new Float32Array(data.length);
  out.set(data.subarray(by));
  out.set(data.subarray(0, by), data.length - by);
  return out;
}
