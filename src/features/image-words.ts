import type { Contribution, ContributionAxis, ImageFlatSpec } from '../contracts.js';

/** A rectangle of pixels and its blame. */
interface Block {
  readonly x: number;
  readonly y: number;
  readonly blame: number;
}

/** "Most unusual in the upper left of the picture (x 8–15, y 0–7 of 64 × 64)." */
export function imageWords(spec: ImageFlatSpec, contribution: Contribution | null): string {
  const axis = contribution?.axes.find((candidate) => candidate.axis === 'pixel');
  const most = axis === undefined ? 0 : axis.values.reduce((a, b) => Math.max(a, b), 0);
  if (axis === undefined || !(most > 0)) return 'The picture as a whole is unlike any normal one.';
  const top = axis.labels[axis.values.indexOf(most)] ?? '';
  const blocks = blocksOf(axis).filter(({ blame }) => blame >= most / 2);
  const where = blocks.length === 0 ? null : regionOf(blocks, spec);
  if (where === null) return `Most unusual at ${top}.`;
  if (where === 'all over') return `Unusual all over the picture, most at ${top} of ${spec.width} × ${spec.height}.`;
  return `Most unusual in the ${where} of the picture (${top} of ${spec.width} × ${spec.height}).`;
}

/** Blocks whose labels say where they are: "x 8–15, y 0–7". */
function blocksOf(axis: ContributionAxis): Block[] {
  return axis.labels.flatMap((label, i) => {
    const [, left, right, top, bottom] = /^x (\d+)–(\d+), y (\d+)–(\d+)$/.exec(label)?.map(Number) ?? [];
    if (left === undefined || right === undefined || top === undefined || bottom === undefined) return [];
    return [{ x: (left + right) / 2, y: (top + bottom) / 2, blame: axis.values[i] ?? 0 }];
  });
}

/** Centre of the blame on a grid of three by three; "all over" when it spreads beyond a third of the picture. */
function regionOf(blocks: readonly Block[], { width, height }: ImageFlatSpec): string {
  const total = blocks.reduce((sum, block) => sum + block.blame, 0);
  const mean = (of: (block: Block) => number): number =>
    blocks.reduce((sum, block) => sum + of(block) * block.blame, 0) / total;
  const [x, y] = [mean((block) => block.x), mean((block) => block.y)];
  const spread = Math.sqrt(mean((block) => ((block.x - x) / width) ** 2 + ((block.y - y) / height) ** 2));
  if (spread > 1 / 3) return 'all over';
  const third = (at: number, size: number, names: readonly [string, string, string]): string =>
    names[Math.min(2, Math.floor((3 * at) / size)) as 0 | 1 | 2];
  const row = third(y, height, ['upper', 'middle', 'lower']);
  const column = third(x, width, ['left', 'middle', 'right']);
  if (row === 'middle' && column === 'middle') return 'middle';
  if (row === 'middle') return `${column} part`;
  return column === 'middle' ? `${row} part` : `${row} ${column}`;
}
