import { type AudioObservation, ModelError, type Origin } from '../contracts.js';
import type { LogMel } from './log-mel.js';
import type { MeasuredStretch } from './signal-stats.js';
import { Tail } from './tail.js';

/** A window of whole frames. The views are valid until the next push. */
export interface FramedWindow extends Origin {
  /** (windowFrames, bands) dB without the floor. */
  readonly raw: Float32Array;
  readonly samples: Float32Array;
  /** Of what the window before had not; of the first after a gap, all. */
  readonly newest: readonly MeasuredStretch[];
}

/** One observation's place in the stream, in samples since framing began. */
interface Piece {
  readonly observation: AudioObservation;
  readonly from: number;
  readonly to: number;
}

/**
 * Cuts a stream of blocks of any size into overlapping windows of whole frames. Every frame is computed once, on the
 * grid of the sample count; the same samples give the same bits however they are cut into blocks. A gap begins anew.
 */
export class Framer {
  private readonly windowSamples: number;
  private readonly samples: Tail;
  private readonly frames: Tail;
  private pieces: Piece[] = [];
  /** First frame of the next window. */
  private nextFrame = 0;
  private sequence = 0;
  private afterGap = false;

  constructor(
    private readonly logMel: LogMel,
    private readonly windowFrames: number,
    private readonly hopFrames: number,
  ) {
    const { fftSize, hopSamples, melBands } = logMel.mel;
    this.windowSamples = (windowFrames - 1) * hopSamples + fftSize;
    this.samples = new Tail(2 * this.windowSamples);
    this.frames = new Tail(2 * windowFrames * melBands);
  }

  /** Windows completed by this block, in order. */
  push(observation: AudioObservation): FramedWindow[] {
    const { sampleRateHz } = this.logMel.mel;
    if (observation.sampleRateHz !== sampleRateHz) {
      const found = `${observation.origin} gives ${observation.sampleRateHz} Hz`;
      throw new ModelError(`sample rate: the features expect ${sampleRateHz} Hz, ${found}`);
    }
    if (observation.gap) this.reset();
    this.forgetPast();
    const from = this.samples.end;
    this.samples.append(observation.samples);
    if (observation.samples.length > 0) this.pieces.push({ observation, from, to: this.samples.end });
    this.computeFrames();
    return this.completeWindows();
  }

  /** Forgets the samples so far: the next window begins with the next block, and says so by its `gap`. */
  reset(): void {
    this.samples.clear();
    this.frames.clear();
    this.pieces = [];
    this.nextFrame = 0;
    this.afterGap = true;
  }

  private forgetPast(): void {
    const { hopSamples, melBands } = this.logMel.mel;
    const firstSample = this.nextFrame * hopSamples;
    this.samples.forget(firstSample);
    this.frames.forget(this.nextFrame * melBands);
    const kept = this.pieces.findIndex((piece) => piece.to > firstSample);
    this.pieces.splice(0, kept < 0 ? this.pieces.length : kept);
  }

  private computeFrames(): void {
    const { hopSamples, melBands } = this.logMel.mel;
    const first = this.frames.end / melBands;
    const count = this.logMel.framesIn(this.samples.end) - first;
    if (count <= 0) return;
    const from = this.samples.indexOf(first * hopSamples);
    const into = this.frames.extend(count * melBands);
    this.logMel.writeRaw(this.samples.data, from, count, this.frames.data, into);
  }

  private completeWindows(): FramedWindow[] {
    const windows: FramedWindow[] = [];
    const ready = this.frames.end / this.logMel.mel.melBands;
    for (; this.nextFrame + this.windowFrames <= ready; this.nextFrame += this.hopFrames) {
      windows.push(this.windowAt(this.nextFrame));
      this.sequence++;
      this.afterGap = false;
    }
    return windows;
  }

  private windowAt(frame: number): FramedWindow {
    const { hopSamples, melBands, sampleRateHz } = this.logMel.mel;
    const from = frame * hopSamples;
    const to = from + this.windowSamples;
    const first = this.pieces.find((piece) => piece.to > from) as Piece;
    const startMs = first.observation.startMs + ((from - first.from) / sampleRateHz) * 1000;
    return {
      feed: first.observation.feed,
      machine: first.observation.machine,
      origin: first.observation.origin,
      sequence: this.sequence,
      startMs: Math.round(startMs),
      endMs: Math.round(startMs + (this.windowSamples / sampleRateHz) * 1000),
      gap: this.afterGap,
      raw: this.frames.view(frame * melBands, (frame + this.windowFrames) * melBands),
      samples: this.samples.view(from, to),
      newest: this.stretches(this.afterGap ? from : to - this.hopFrames * hopSamples, to),
    };
  }

  private stretches(from: number, to: number): MeasuredStretch[] {
    const touched = this.pieces.filter((piece) => piece.to > from && piece.from < to);
    return touched.map((piece) => ({
      signal: piece.observation.signal,
      covered: Math.min(piece.to, to) - Math.max(piece.from, from),
    }));
  }
}
