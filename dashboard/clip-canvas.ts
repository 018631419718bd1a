import type { ChangedBands } from '../src/contracts.js';
import type { ClipPicture } from './clip-picture.js';
import { formatHz } from './format.js';
import { bandOf } from './mel-scale.js';

const TICKS_HZ = [125, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000];
const AXIS_LEFT = 52;
const AXIS_BOTTOM = 20;
const TOP = 6;
const RIGHT = 12;

export interface ClipDrawing {
  readonly picture: ClipPicture;
  readonly image: CanvasImageSource;
  /** Length of the time axis, shared by pictures that are compared. */
  readonly axisSeconds: number;
  /** Where the player is. */
  readonly atSeconds: number;
  /** To be marked: the stretches of time, seconds from the clip's start, and the bands. */
  readonly spans: readonly { readonly from: number; readonly to: number }[];
  readonly bands: readonly ChangedBands[];
}

export interface Palette {
  readonly ground: string;
  readonly ink: string;
  readonly mark: string;
  readonly font: string;
}

/** Draws one clip: its picture, axes in Hz and seconds, what is marked, and the player's place. */
export function drawClip(canvas: HTMLCanvasElement, drawing: ClipDrawing, palette: Palette): void {
  const context = canvas.getContext('2d');
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!context || width === 0) return;
  const ratio = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const area = { x: AXIS_LEFT, y: TOP, width: width - AXIS_LEFT - RIGHT, height: height - AXIS_BOTTOM - TOP };
  const { picture, image, axisSeconds } = drawing;
  const length = area.width * (picture.seconds / axisSeconds);
  context.imageSmoothingEnabled = true;
  context.fillStyle = palette.ground;
  context.fillRect(area.x, area.y, length, area.height);
  context.drawImage(image, area.x, area.y, length, area.height);
  drawAxes(context, area, drawing, palette);
  drawMarks(context, area, drawing, palette);
}

/** Seconds from the clip's start at a place on its canvas. */
export function secondsAt(canvas: HTMLCanvasElement, offsetX: number, axisSeconds: number): number {
  return Math.max(0, ((offsetX - AXIS_LEFT) / (canvas.clientWidth - AXIS_LEFT - RIGHT)) * axisSeconds);
}

function drawAxes(context: CanvasRenderingContext2D, area: Area, drawing: ClipDrawing, palette: Palette): void {
  const { picture, axisSeconds } = drawing;
  context.fillStyle = palette.ink;
  context.font = `11px ${palette.font}`;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  let previousY = Number.POSITIVE_INFINITY;
  for (const hz of TICKS_HZ.filter((tick) => tick <= picture.sampleRateHz / 2)) {
    const y = heightOf(hz, area, picture);
    if (previousY - y < 14) continue;
    previousY = y;
    context.fillText(formatHz(hz), area.x - 8, Math.max(area.y + 5, y));
    context.fillRect(area.x - 4, Math.max(area.y, y) - 0.5, 4, 1);
  }
  context.textBaseline = 'alphabetic';
  context.textAlign = 'center';
  const step = [1, 2, 5, 10, 20, 30, 60].find((seconds) => (area.width * seconds) / axisSeconds >= 48) ?? 60;
  for (let seconds = 0; seconds <= picture.seconds; seconds += step) {
    context.fillText(`${seconds} s`, area.x + (area.width * seconds) / axisSeconds, area.y + area.height + 15);
  }
}

function drawMarks(context: CanvasRenderingContext2D, area: Area, drawing: ClipDrawing, { mark }: Palette): void {
  const { picture, axisSeconds, atSeconds, spans, bands } = drawing;
  const x = (seconds: number): number => area.x + (area.width * seconds) / axisSeconds;
  context.fillStyle = mark;
  for (const { from, to } of spans) context.fillRect(x(from), area.y - 4, Math.max(2, x(to) - x(from)), 4);
  for (const { fromHz, toHz } of bands) {
    const top = heightOf(toHz, area, picture);
    context.fillRect(x(picture.seconds) + 2, top, 4, Math.max(2, heightOf(fromHz, area, picture) - top));
  }
  if (atSeconds <= 0) return;
  context.fillStyle = '#fff';
  context.fillRect(x(Math.min(atSeconds, picture.seconds)) - 1, area.y, 2, area.height);
}

function heightOf(hz: number, area: Area, { bands, sampleRateHz }: ClipPicture): number {
  const share = (bandOf(hz, bands, sampleRateHz) + 0.5) / bands;
  return area.y + area.height * (1 - Math.min(1, Math.max(0, share)));
}

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
