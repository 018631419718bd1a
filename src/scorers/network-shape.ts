/**
 * What z holds beside the code. `paper`: ‖x − x'‖/‖x‖ and cosine similarity; `robust`: log‖x − x'‖ instead of the ratio;
 * `distance`: ‖x − x'‖ alone.
 */
export type ResidualKind = 'paper' | 'robust' | 'distance';

/** Sizes of one flat DAGMM. The decoder mirrors the encoder. */
export interface NetworkShape {
  /** Width of a row as the encoder sees it. */
  readonly width: number;
  /** Hidden layers of the encoder, such as [60, 30, 10]. */
  readonly hidden: readonly number[];
  /** Size of z_c. */
  readonly code: number;
  readonly estimatorHidden: number;
  readonly components: number;
  /** z also holds the distance of the row from the axes that whitening kept. */
  readonly outside: boolean;
  /** Numbers of z_r; 2 by default. */
  readonly residuals?: number;
}

export const residualSize = (kind: ResidualKind): number => (kind === 'distance' ? 1 : 2);

/** z_c, z_r, and the distance from the whitened axes where there is one. */
export const latentSize = ({ code, residuals = 2, outside }: NetworkShape): number =>
  code + residuals + (outside ? 1 : 0);

/** Widths along each network: [from, …, to]. */
export function layerWidths(shape: NetworkShape) {
  const encoder = [shape.width, ...shape.hidden, shape.code];
  return {
    encoder,
    decoder: [...encoder].reverse(),
    estimator: [latentSize(shape), shape.estimatorHidden, shape.components],
  };
}

const countOf = (layers: readonly number[]): number =>
  layers.slice(1).reduce((sum, to, i) => sum + ((layers[i] as number) + 1) * to, 0);

/** Lengths of the two parameter vectors. */
export function parameterCounts(shape: NetworkShape): { autoencoder: number; estimator: number } {
  const { encoder, decoder, estimator } = layerWidths(shape);
  return { autoencoder: countOf(encoder) + countOf(decoder), estimator: countOf(estimator) };
}
