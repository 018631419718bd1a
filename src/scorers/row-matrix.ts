/** Raw feature rows, row-major (N, W). */
export interface RowMatrix {
  readonly data: Float32Array;
  readonly width: number;
}

export const rowsOf = (matrix: RowMatrix): number => matrix.data.length / matrix.width;
