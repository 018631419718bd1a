/** Stores the sound that belongs to events: each one's own, from before it was raised until after it cleared, and the normal sound it names. */
import type { AudioObservation, Event, EventChange, Scorer } from '../contracts.js';
import { encodeWav } from '../sources/wav-encode.js';
import type { Store } from '../store/types.js';
import type { Clip, ClipRecorder } from './clip-recorder.js';

export interface EventSoundOptions {
  readonly recorder: ClipRecorder;
  readonly store: Pick<Store, 'saveClip'>;
  /** A sound that could not be stored, in words. */
  readonly onNotice: (message: string) => void;
  /** An event's own sound has been stored, under this digest. */
  readonly onStored: (eventId: string, sha256: string) => void;
}

export class EventSound {
  readonly #options: EventSoundOptions;
  readonly #saving = new Set<Promise<void>>();

  constructor(options: EventSoundOptions) {
    this.#options = options;
  }

  /** What the feed hears. */
  push({ samples, startMs, endMs }: AudioObservation): void {
    for (const { eventId, clip } of this.#options.recorder.push(samples, startMs, endMs)) this.#save(eventId, clip);
  }

  /** An anomaly's sound is stored at once, as far as there is any, and again when it is complete. */
  follow({ id, raisedMs, clearedMs }: Event, change: EventChange): void {
    const { recorder } = this.#options;
    if (change === 'raised') this.#save(id, recorder.begin(id, raisedMs));
    if (change === 'cleared') recorder.end(id, clearedMs ?? raisedMs);
  }

  /** A normal sound of the scorer's package, to listen to beside an event's own. */
  saveNormal(scorer: Scorer, digest: string, createdMs: number): void {
    if (!scorer.normalClip) return;
    const { store } = this.#options;
    this.#track(
      scorer
        .normalClip(digest)
        .then((data) => store.saveClip({ data, type: 'audio/wav', createdMs, eventId: null }))
        .then(() => {}),
      'normal sound not stored',
    );
  }

  /** Stores what there is of unfinished clips; resolves when everything is stored. */
  async finish(): Promise<void> {
    for (const { eventId, clip } of this.#options.recorder.finish()) this.#save(eventId, clip);
    await Promise.all(this.#saving);
  }

  #save(eventId: string, { samples, sampleRateHz, startMs }: Clip): void {
    if (samples.length === 0) return;
    const { store, onStored } = this.#options;
    const data = encodeWav(
      Float32Array.from(samples, (s) => s / 32768),
      sampleRateHz,
    );
    this.#track(
      store.saveClip({ data, type: 'audio/wav', createdMs: Math.round(startMs), eventId }).then((sha256) => {
        if (sha256 !== null) onStored(eventId, sha256);
      }),
      'clip not stored',
    );
  }

  #track(work: Promise<void>, failure: string): void {
    const saving = work
      .catch((error: Error) => this.#options.onNotice(`${failure}: ${error.message}`))
      .finally(() => this.#saving.delete(saving));
    this.#saving.add(saving);
  }
}
