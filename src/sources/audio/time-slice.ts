import type { AudioObservation, Source } from '../../contracts.js';
import { measureSignal } from './signal-stats.js';

/**
 * Only a stretch of every file (of every run of sound between gaps) of a source: seconds `from` to `to` after its
 * start. Troubles pass.
 */
export function timeSlice(source: Source, { from, to }: { from: number; to: number }): Source {
  return {
    feed: source.feed,
    async *stream(signal) {
      let position = 0;
      let sequence = 0;
      for await (const item of source.stream(signal)) {
        if (item.kind !== 'audio') {
          yield item;
          continue;
        }
        if (item.gap) position = 0;
        const first = Math.round(from * item.sampleRateHz) - position;
        const last = Math.round(to * item.sampleRateHz) - position;
        const cut = slice(item, Math.max(0, first), Math.min(item.samples.length, last));
        position += item.samples.length;
        if (cut) yield { ...cut, sequence: sequence++, gap: first >= 0 };
      }
    },
  };
}

/** Samples `first` to `last` (not included) of an observation; null when there are none. */
function slice(item: AudioObservation, first: number, last: number): AudioObservation | null {
  if (first >= last) return null;
  if (first === 0 && last === item.samples.length) return item;
  const samples = item.samples.slice(first, last);
  const timeOf = (sample: number) => item.startMs + (sample * 1000) / item.sampleRateHz;
  return { ...item, samples, startMs: timeOf(first), endMs: timeOf(last), signal: measureSignal(samples) };
}
