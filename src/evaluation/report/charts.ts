/** The charts of the report, as SVG. Classes carry the colours, so that the page's style makes them light or dark. */
import type { Histogram, Point } from '../curves.js';
import type { Latent } from '../trial-job.js';
import { type Axis, type Frame, framed, placesIn } from './axes.js';
import { escapeHtml } from './html.js';

export interface Curve {
  readonly name: string;
  readonly points: readonly Point[];
  /** Colour and dashes, 0…5. */
  readonly style: number;
}

/** Curves in the unit square. */
export function unitCurves(title: string, [x, y]: readonly [string, string], curves: readonly Curve[]): string {
  const frame: Frame = { title, x: { label: x, from: 0, to: 1 }, y: { label: y, from: 0, to: 1 } };
  return framed(frame, curves.map((curve) => polyline(frame, curve)).join(''));
}

/** Which line is whose. */
export function curveKey(curves: readonly Curve[]): string {
  const entries = curves.map(
    ({ name, style }) =>
      `<li><svg viewBox="0 0 36 12" aria-hidden="true"><line class="curve c${style}" x1="0" y1="6" x2="36" y2="6"/></svg>${escapeHtml(name)}</li>`,
  );
  return `<ul class="key">${entries.join('')}</ul>`;
}

function polyline(frame: Frame, { name, points, style }: Curve): string {
  const places = placesIn(frame);
  const path = points.map(([x, y]) => `${places.x(x)},${places.y(y)}`).join(' ');
  return `<polyline class="curve c${style}" points="${path}"><title>${escapeHtml(name)}</title></polyline>`;
}

/** Shares of normals and anomalies by energy, and the energy from which rows are flagged. */
export function energyHistogram(title: string, histogram: Histogram, threshold: number): string {
  const { from, to, normals, anomalies } = histogram;
  const frame: Frame = {
    title,
    x: { label: 'energy', from, to },
    y: { label: 'share of the class', from: 0, to: Math.max(...normals, ...anomalies, 1e-3) },
  };
  const places = placesIn(frame);
  const bars = (shares: readonly number[], kind: string): string =>
    shares
      .map((share, i) => {
        const at = (bin: number) => places.x(from + (bin / shares.length) * (to - from));
        const y = places.y(share);
        const height = Math.max(0, places.y(0) - y);
        return `<rect class="${kind}" x="${at(i)}" y="${y}" width="${(at(i + 1) - at(i)).toFixed(1)}" height="${height.toFixed(1)}"/>`;
      })
      .join('');
  const line = `<line class="threshold" x1="${places.x(threshold)}" x2="${places.x(threshold)}" y1="${places.y(0)}" y2="${places.y(frame.y.to)}"/>`;
  return framed(frame, bars(normals, 'normal') + bars(anomalies, 'anomaly') + line);
}

/** Two of the axes of a latent space; points beyond the middle 98 % of both classes lie on the border. */
export function latentScatter(title: string, { axes, normals, anomalies }: Latent, i: number, j: number): string {
  const frame: Frame = {
    title,
    x: axisOver(axes[i] ?? '', normals, anomalies, i),
    y: axisOver(axes[j] ?? '', normals, anomalies, j),
  };
  const places = placesIn(frame);
  const dots = normals.map(
    (p) => `<circle class="normal" cx="${places.x(p[i] ?? 0)}" cy="${places.y(p[j] ?? 0)}" r="2"/>`,
  );
  const crosses = anomalies.map((p) => {
    const [x, y] = [places.x(p[i] ?? 0), places.y(p[j] ?? 0)];
    return `<path class="anomaly" d="M${x - 2.5} ${y - 2.5}l5 5m0-5l-5 5"/>`;
  });
  return framed(frame, dots.join('') + crosses.join(''));
}

function axisOver(label: string, normals: Latent['normals'], anomalies: Latent['anomalies'], at: number): Axis {
  const ends = [normals, anomalies].flatMap((rows) => {
    const values = rows.map((row) => row[at] ?? 0).sort((a, b) => a - b);
    const end = Math.floor(0.01 * values.length);
    return values.length > 0 ? [values[end] as number, values[values.length - 1 - end] as number] : [];
  });
  const [from, to] = [Math.min(...ends), Math.max(...ends)];
  return to > from ? { label, from, to } : { label, from: from - 1, to: to + 1 };
}

/** Loss by step. Logarithmic where it is positive and falls far. */
export function lossChart(title: string, curves: readonly Curve[]): string {
  const points = curves.flatMap((curve) => curve.points);
  const losses = points.map(([, loss]) => loss);
  const [least, most] = [Math.min(...losses), Math.max(...losses)];
  const logarithmic = least > 0 && most / least > 20;
  const frame: Frame = {
    title,
    x: { label: 'step', from: 0, to: Math.max(1, ...points.map(([step]) => step)) },
    y: { label: 'loss', from: least, to: most > least ? most : least + 1, logarithmic },
  };
  return framed(frame, curves.map((curve) => polyline(frame, curve)).join(''));
}
