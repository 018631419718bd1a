/**
 * What travels between server and page. The page imports these types, so this file imports nothing but types.
 *
 * WebSocket `/api/live`:
 *
 * Server → page: one `hello` with the whole picture, then what changes; spectrograms are binary (spectrogram-frame.ts).
 * Page → server: only which feed's spectrogram it wants. Commands go by POST.
 */
import type { Event, EventChange, LearnProgress, MachineState, Modality, OperatingState } from '../../contracts.js';

/** Verdict without what the page does not need; a number that is not finite (no threshold yet) is null. */
export interface LiveVerdict {
  readonly feed: string;
  readonly machine: string;
  /** The end of the window by its own time, and when it was judged. */
  readonly atMs: number;
  readonly toldMs: number;
  readonly score: number | null;
  readonly statistic: number | null;
  readonly threshold: number | null;
  readonly pValue: number | null;
  readonly long: { readonly statistic: number | null; readonly threshold: number | null } | null;
  readonly operating: OperatingState;
}

/** Frame rate and filter bank behind a feed's spectrogram. */
export interface LiveMel {
  readonly sampleRateHz: number;
  readonly hopSamples: number;
  readonly melBands: number;
}

export interface LiveFeed {
  readonly feed: string;
  readonly modality: Modality;
  readonly mel: LiveMel | null;
  /** Index that binary messages name the feed by. */
  readonly index: number;
  readonly verdict: LiveVerdict | null;
  /** How the last learning since the start went, or goes. */
  readonly learning: LearnProgress | null;
}

export interface LiveMachine {
  readonly machine: string;
  readonly state: MachineState;
  /** null until the first state is known. */
  readonly sinceMs: number | null;
  readonly feeds: readonly LiveFeed[];
}

export type ServerMessage =
  | {
      readonly type: 'hello';
      readonly site: string;
      readonly version: string;
      readonly nowMs: number;
      /** How often `alive` comes: a page that hears nothing for several of these has no connection. */
      readonly aliveMs: number;
      readonly machines: readonly LiveMachine[];
      /** Events that have not cleared, newest first. */
      readonly openEvents: readonly Event[];
    }
  | { readonly type: 'alive'; readonly nowMs: number }
  | { readonly type: 'verdicts'; readonly verdicts: readonly LiveVerdict[] }
  | { readonly type: 'state'; readonly machine: string; readonly state: MachineState; readonly atMs: number }
  | { readonly type: 'learning'; readonly progress: LearnProgress }
  | { readonly type: 'event'; readonly change: EventChange; readonly event: Event };

/** null: no spectrogram wanted. */
export type ClientMessage = { readonly type: 'watch'; readonly feed: string | null };

/** Answer of GET /api/events. */
export interface EventPage {
  readonly events: readonly Event[];
  /** Give as `before` to read on; null at the end. */
  readonly next: string | null;
}

/** A stretch of a score curve: the mean and the largest statistic in it, and the mean threshold. */
export interface CurvePoint {
  readonly atMs: number;
  readonly mean: number | null;
  readonly max: number | null;
  readonly threshold: number | null;
}

/** Answer of GET /api/scores. */
export interface Curve {
  readonly feed: string;
  /** Ascending; stretches without windows are left out. */
  readonly points: readonly CurvePoint[];
}

/** Answer of GET /api/session. */
export interface Session {
  /** True when the reader may go on: logged in, or no login is needed. */
  readonly granted: boolean;
  /** True when there is something to log out from. */
  readonly loginRequired: boolean;
}
