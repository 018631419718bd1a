import type { Readable } from 'node:stream';
import { addAbortSignal } from 'node:stream';
import { type AudioObservation, type Source, SourceError } from '../../contracts.js';
import { ObservationMaker } from './observation-maker.js';
import { PcmFramer } from './pcm-framer.js';
import type { LiveOptions } from './supervised-source.js';
import type { PcmLayout } from './wav-header.js';

export interface PcmStreamOptions extends Omit<LiveOptions, 'staleSeconds' | 'faultSeconds' | 'backOff'> {
  /** Raw interleaved PCM, e.g. process.stdin. Taken over: destroyed at the end. */
  readonly input: Readable;
  /** For messages and the origin. Default "standard input". */
  readonly origin?: string;
  readonly layout: PcmLayout;
  readonly rateHz: number;
  readonly targetRateHz?: number;
}

/** Raw PCM from a stream, until it ends: `arecord … | auscult …`. Throws SourceError when the stream fails. */
export function pcmStreamSource(options: PcmStreamOptions): Source {
  return { feed: options.feed, stream: (signal) => readStream(options, signal) };
}

async function* readStream(options: PcmStreamOptions, signal: AbortSignal): AsyncGenerator<AudioObservation> {
  const { input, layout, rateHz, origin = 'standard input' } = options;
  const targetRateHz = options.targetRateHz ?? rateHz;
  const maker = new ObservationMaker({ ...options, targetRateHz });
  const frames = Math.max(1, Math.round(((options.blockSamples ?? targetRateHz / 10) * rateHz) / targetRateHz));
  const framer = new PcmFramer(layout, options.channel ?? 0, frames, origin);
  try {
    await maker.open({ origin, rateHz, startMs: Date.now() });
    addAbortSignal(signal, input);
    for await (const chunk of input) {
      for (const block of framer.push(chunk)) {
        const observation = maker.push(block, Date.now());
        if (observation) yield observation;
        if (signal.aborted) return;
      }
    }
    const rest = framer.rest();
    for (const observation of [rest && maker.push(rest), maker.finish()]) if (observation) yield observation;
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof SourceError) throw error;
    throw new SourceError(`${origin}: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    maker.close();
    input.destroy();
  }
}
