/** One clip: its spectrogram, and over the same time where its energy comes from. */
import type { MelSpec } from '../../../contracts.js';
import type { LogMelPicture } from '../../../features/log-mel.js';
import { bandCentresHz } from '../../../features/mel-filters.js';
import { type Axis, type Frame, framed, placesIn } from '../../report/axes.js';
import { escapeHtml, figure } from '../../report/html.js';
import type { ExplainedClip } from '../sound-job.js';
import { type HeatMap, heatMapUri } from './png.js';

/** From the quietest hundredth to the loudest value, 70 dB at most. */
const SPAN_DB = 70;

/** Where an explained clip's windows lie, seconds; windows that overlap are drawn about their middles. */
export interface WindowTimes {
  readonly clip: number;
  readonly window: number;
  /** From one window to the next. */
  readonly hop: number;
}

export function spectrogram(
  title: string,
  { data, frames, bands }: LogMelPicture,
  mel: MelSpec,
  seconds: number,
): string {
  const sorted = data.filter(Number.isFinite).sort();
  const to = sorted.at(-1) ?? 0;
  const from = Math.max(to - SPAN_DB, sorted[Math.floor(sorted.length / 100)] ?? to - 1);
  const map = { values: data, columns: frames, rows: bands, from, to };
  const words = `Log-mel spectrogram, ${whole(from)} dB (dark) to ${whole(to)} dB (light)`;
  return figure(drawn(frameOf(title, seconds, mel), map, [0, (frames * mel.hopSamples) / mel.sampleRateHz]), words);
}

const whole = (value: number): string => String(Math.round(value)).replace('-', '−');

/**
 * How far each band alone raises the energy of each window: what the energy falls by when the band is put back to the
 * training mean; what lowers it is drawn as nothing.   '' for features without bands
 */
export function bandMap(title: string, { bands }: ExplainedClip, mel: MelSpec, times: WindowTimes): string {
  const [first] = bands ?? [];
  if (!bands || !first) return '';
  const values = Float32Array.from(bands.flat());
  const to = values.reduce((most, value) => Math.max(most, value), 0) || 1;
  const from = (times.window - times.hop) / 2;
  const map = { values, columns: bands.length, rows: first.length, from: 0, to };
  const words = `Energy by band and window, 0 (dark) to ${Number(to.toPrecision(3))} (light)`;
  const frame = frameOf(title, times.clip, { ...mel, melBands: first.length });
  return figure(drawn(frame, map, [from, from + bands.length * times.hop]), words);
}

/** Energy of each window, and the energy from which a clip is flagged. */
export function energyLine(
  title: string,
  { energies, seconds: starts }: ExplainedClip,
  { clip, window, hop }: WindowTimes,
  threshold: number | null,
): string {
  const all = [...energies, ...(threshold === null ? [] : [threshold])];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const margin = (most - least || 1) * 0.05;
  const frame: Frame = {
    title,
    x: { label: 'seconds', from: 0, to: clip },
    y: { label: 'energy', from: least - margin, to: most + margin },
  };
  const places = placesIn(frame);
  const steps = energies.flatMap((energy, i) => {
    const start = (starts[i] ?? 0) + (window - hop) / 2;
    return [start, start + hop].map((second) => `${places.x(second)},${places.y(energy)}`);
  });
  const line =
    threshold === null
      ? ''
      : `<line class="threshold" x1="${places.x(0)}" x2="${places.x(frame.x.to)}" y1="${places.y(threshold)}" y2="${places.y(threshold)}"/>`;
  const curve = `<polyline class="curve c0" points="${steps.join(' ')}"><title>${escapeHtml(title)}</title></polyline>`;
  return figure(framed(frame, curve + line), 'Energy of each window');
}

function frameOf(title: string, seconds: number, mel: MelSpec): Frame {
  return { title, x: { label: 'seconds', from: 0, to: seconds }, y: bandAxis(mel) };
}

/** Bands from the bottom, with some round frequencies. */
function bandAxis(mel: MelSpec): Axis {
  const centres = bandCentresHz(mel);
  const ticks = [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000].flatMap((hz): [number, string][] => {
    const above = centres.findIndex((centre) => centre >= hz);
    if (above < 1) return [];
    const [low, high] = [centres[above - 1] as number, centres[above] as number];
    return [[above - 1 + (hz - low) / (high - low) + 0.5, hz < 1_000 ? String(hz) : `${hz / 1_000} k`]];
  });
  return { label: 'Hz', from: 0, to: mel.melBands, ticks };
}

function drawn(frame: Frame, map: HeatMap, [from, to]: readonly [number, number]): string {
  const places = placesIn(frame);
  const [left, top] = [places.x(from), places.y(map.rows)];
  const [width, height] = [places.x(to) - left, places.y(0) - top];
  const image = `<image href="${heatMapUri(map)}" x="${left}" y="${top}" width="${width.toFixed(1)}" height="${height.toFixed(1)}" preserveAspectRatio="none" style="image-rendering:pixelated"/>`;
  return framed(frame, image);
}
