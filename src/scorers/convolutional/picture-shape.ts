import { ModelError } from '../../contracts.js';

/** Which of the two networks: plain convolutions, or residual blocks with batch normalisation. */
export type Framework = 'plain' | 'residual';

/** Sizes of one convolutional DAGMM. The decoder mirrors the encoder. */
export interface PictureShape {
  readonly framework: Framework;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Channels after each halving of the sides, such as [32, 64, 128, 256]. */
  readonly stages: readonly number[];
  /** Size of z_c. */
  readonly code: number;
  readonly estimatorHidden: number;
  readonly components: number;
}

export type Side = readonly [height: number, width: number];

/** Sides are halved while this much is left. */
const LEAST_SIDE = 4;

/** Sides of the picture, and after each stage; odd ones are halved upwards. */
export function sidesOf({ height, width, stages }: Pick<PictureShape, 'height' | 'width' | 'stages'>): Side[] {
  const sides: Side[] = [[height, width]];
  for (const _ of stages) {
    const [h, w] = sides.at(-1) as Side;
    sides.push([Math.ceil(h / 2), Math.ceil(w / 2)]);
  }
  return sides;
}

/** Channels along the encoder: [picture, …stages]. */
export const channelsOf = ({ channels, stages }: PictureShape): number[] => [channels, ...stages];

/** Numbers between the last stage and the code. */
export function flatSize(shape: PictureShape): number {
  const [h, w] = sidesOf(shape).at(-1) as Side;
  return h * w * (channelsOf(shape).at(-1) as number);
}

/** z_c, log‖x − x'‖, cosine. */
export const latentSize = ({ code }: Pick<PictureShape, 'code'>): number => code + 2;

/** Numbers in one picture. */
export const pictureSize = ({ height, width, channels }: PictureShape): number => height * width * channels;

/**
 * As many of the stages as the smaller side can be halved to four or more.
 * @param rowShape [height, width, channels]   @throws {ModelError} when rows are no pictures, or too small ones
 */
export function pictureSides(rowShape: readonly number[], stages: readonly number[]) {
  const [height = 0, width = 0, channels = 0] = rowShape;
  if (rowShape.length !== 3 || (channels !== 1 && channels !== 3))
    throw new ModelError(
      `convolutional DAGMM: expected rows that are pictures (height, width, 1 or 3), found (${rowShape})`,
    );
  const halvings = Math.min(stages.length, Math.floor(Math.log2(Math.min(height, width) / LEAST_SIDE)));
  if (halvings < 1)
    throw new ModelError(
      `convolutional DAGMM: expected sides of at least ${2 * LEAST_SIDE}, found ${height} × ${width}`,
    );
  return { height, width, channels, stages: stages.slice(0, halvings) };
}
