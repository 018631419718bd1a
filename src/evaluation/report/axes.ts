/** The frame of a chart: where numbers lie on the page, grid lines and their labels. */
import { escapeHtml } from './html.js';

export interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  /** Positive values on a logarithmic scale. */
  readonly logarithmic?: boolean;
  /** Where lines are drawn and what is written there; round numbers by default. */
  readonly ticks?: readonly (readonly [at: number, label: string])[];
}

export interface Frame {
  readonly x: Axis;
  readonly y: Axis;
  /** What the chart says, for those who cannot see it. */
  readonly title: string;
}

const WIDTH = 360;
const HEIGHT = 300;
const LEFT = 52;
const BOTTOM = 42;
const TOP = 12;
const RIGHT = 14;

export interface Places {
  x(value: number): number;
  y(value: number): number;
}

/** Values beyond an axis lie on its end. */
export function placesIn({ x, y }: Frame): Places {
  const [toX, toY] = [shareOf(x), shareOf(y)];
  return {
    x: (value) => round(LEFT + toX(value) * (WIDTH - LEFT - RIGHT)),
    y: (value) => round(HEIGHT - BOTTOM - toY(value) * (HEIGHT - BOTTOM - TOP)),
  };
}

function shareOf({ from, to, logarithmic }: Axis): (value: number) => number {
  const scale = logarithmic ? Math.log10 : (value: number) => value;
  const span = scale(to) - scale(from) || 1;
  return (value) => Math.min(1, Math.max(0, (scale(Math.max(value, logarithmic ? from : value)) - scale(from)) / span));
}

export const round = (value: number): number => Math.round(value * 10) / 10;

/** The whole SVG: grid, labels, and inside them the marks. */
export function framed(frame: Frame, marks: string): string {
  const places = placesIn(frame);
  const { x, y, title } = frame;
  const bottom = HEIGHT - BOTTOM;
  const xs = labelledTicks(x).map(
    ([tick, label]) =>
      `<line class="grid" x1="${places.x(tick)}" y1="${TOP}" x2="${places.x(tick)}" y2="${bottom}"/>` +
      `<text x="${places.x(tick)}" y="${bottom + 15}" text-anchor="middle">${escapeHtml(label)}</text>`,
  );
  const ys = labelledTicks(y).map(
    ([tick, label]) =>
      `<line class="grid" x1="${LEFT}" y1="${places.y(tick)}" x2="${WIDTH - RIGHT}" y2="${places.y(tick)}"/>` +
      `<text x="${LEFT - 6}" y="${places.y(tick) + 4}" text-anchor="end">${escapeHtml(label)}</text>`,
  );
  const middle = (TOP + bottom) / 2;
  return (
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">${xs.join('')}${ys.join('')}${marks}` +
    `<text class="axis" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escapeHtml(x.label)}</text>` +
    `<text class="axis" x="14" y="${middle}" text-anchor="middle" transform="rotate(-90 14 ${middle})">${escapeHtml(y.label)}</text></svg>`
  );
}

const labelledTicks = (axis: Axis): readonly (readonly [number, string])[] =>
  axis.ticks ?? ticksOf(axis).map((tick) => [tick, tickLabel(tick)]);

/** Some four round numbers within the axis. */
function ticksOf({ from, to, logarithmic }: Axis): number[] {
  if (logarithmic) {
    const [first, last] = [Math.ceil(Math.log10(from) - 1e-9), Math.floor(Math.log10(to) + 1e-9)];
    if (last > first) {
      const every = Math.ceil((last - first) / 4);
      return Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => 10 ** (first + i * every));
    }
  }
  const rough = (to - from) / 4;
  if (!(rough > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((s) => s * power >= rough) ?? 10);
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, i) => (first + i) * step);
}

function tickLabel(value: number): string {
  const short = Number(value.toPrecision(3));
  return (
    Math.abs(short) >= 1e5 || (short !== 0 && Math.abs(short) < 1e-3) ? short.toExponential() : String(short)
  ).replace('-', '−');
}
