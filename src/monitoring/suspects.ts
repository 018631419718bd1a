import type { EventChange, Scorer, Verdict, Window } from '../contracts.js';

/** An event that begins is explained by one of the last so many windows. */
const RECENT_WINDOWS = 5;

interface Suspect {
  readonly window: Window;
  readonly score: number;
  readonly at: number;
}

/**
 * Which window an event is explained by: the one with the highest score, not the one that is heard when the event is told,
 * by when all may be quiet again. Keeps windows above the clear level: those of the last few, and the worst since the last telling.
 */
export class Suspects {
  #scorer: Scorer | null = null;
  #recent: readonly Suspect[] = [];
  #worst: Suspect | null = null;
  #seen = 0;

  /** The next window, while its samples are valid. */
  add(window: Window, { score, clearBelow }: Pick<Verdict, 'score' | 'clearBelow'>, scorer: Scorer): void {
    if (scorer !== this.#scorer) this.#forget(scorer);
    const at = ++this.#seen;
    this.#recent = this.#recent.filter((suspect) => suspect.at > at - RECENT_WINDOWS);
    if (!(score > clearBelow)) return;
    const suspect = { window: { ...window, samples: window.samples?.slice() }, score, at };
    this.#recent = [...this.#recent, suspect];
    this.#worst = worse(this.#worst, suspect);
  }

  /** The window that explains an event that begins, or what was new since the last telling; `now` when none stood out. */
  take(change: EventChange, now: Window): Window {
    const recent = this.#recent.reduce(worse, null);
    const found = change === 'raised' ? recent : this.#worst;
    this.#worst = null;
    return found?.window ?? now;
  }

  #forget(scorer: Scorer): void {
    this.#scorer = scorer;
    this.#recent = [];
    this.#worst = null;
  }
}

const worse = (known: Suspect | null, next: Suspect): Suspect =>
  known === null || next.score > known.score ? next : known;
