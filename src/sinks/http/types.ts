import type { CommandHandler, MelSpec, Modality, Sink } from '../../contracts.js';
import type { Store } from '../../store/types.js';

/** One feed as the page needs to know it. */
export interface FeedInfo {
  readonly feed: string;
  readonly machine: string;
  readonly modality: Modality;
  /** Audio: what the spectrogram's axes are drawn from; null hides the picture. */
  readonly mel: MelSpec | null;
}

/** What the dashboard reads: the part of the store that it needs. */
export type DashboardData = Pick<Store, 'events' | 'event' | 'scores' | 'oldestScoreMs' | 'clip'>;

/** One part of the service's health, such as `feed pump-00`, `store` or `mqtt`. */
export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  /** One line for a person: "last window 0.4 s ago". */
  readonly detail: string;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Every bound that keeps one client from hurting the others. */
export interface HttpLimits {
  /** Largest body of a POST, bytes. */
  readonly bodyBytes: number;
  /** Time to send a complete header, and a complete request, ms. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** TCP connections, and WebSockets among them. */
  readonly connections: number;
  readonly liveClients: number;
  /** Largest message a WebSocket client may send, bytes, and how many a second. */
  readonly messageBytes: number;
  readonly messagesPerSecond: number;
  /** Unsent bytes of a client above which its spectrogram is dropped, and above which it is disconnected. */
  readonly dropAboveBytes: number;
  readonly closeAboveBytes: number;
  /** A client that answers no ping for this long is disconnected, ms. */
  readonly pingIntervalMs: number;
  /** Scores are pushed at most this often, ms. */
  readonly verdictIntervalMs: number;
  /** Wrong passwords an address may send within `attemptWindowMs`. */
  readonly loginAttempts: number;
  readonly attemptWindowMs: number;
  /** A session ends after this much time without use, ms. */
  readonly sessionMs: number;
}

export interface HttpSinkOptions {
  /** Address to bind, normally 127.0.0.1. Anything but the loopback needs `credentials`. */
  readonly host: string;
  /** 0 takes any free port; a taken port is replaced by the next free one, and that is said. */
  readonly port: number;
  readonly credentials: Credentials | null;
  /** Further origins under which the page is reached ("https://pumps.example.net"), for a reverse proxy. */
  readonly allowedOrigins?: readonly string[];
  readonly site: string;
  readonly version: string;
  readonly feeds: readonly FeedInfo[];
  readonly data: DashboardData;
  readonly commands: CommandHandler;
  readonly health: () => readonly HealthCheck[];
  readonly log?: (level: 'info' | 'warn', message: string) => void;
  readonly limits?: Partial<HttpLimits>;
}

/** Newly computed log-mel frames, oldest first. */
export interface SpectrogramFrames {
  /** (frames, bands), dB; read before the call returns. */
  readonly data: Float32Array;
  readonly frames: number;
  readonly bands: number;
  /** Time of the first frame. */
  readonly startMs: number;
}

export interface HttpSink extends Sink {
  /** Address to open in a browser on this machine. */
  readonly url: string;
  readonly port: number;
  /** Shows new frames to whoever watches this feed. Frames already given must not be given again. */
  spectrogram(feed: string, frames: SpectrogramFrames): void;
}

export const DEFAULT_LIMITS: HttpLimits = {
  bodyBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 20_000,
  connections: 256,
  liveClients: 64,
  messageBytes: 4 * 1024,
  messagesPerSecond: 20,
  dropAboveBytes: 256 * 1024,
  closeAboveBytes: 2 * 1024 * 1024,
  pingIntervalMs: 15_000,
  verdictIntervalMs: 400,
  loginAttempts: 5,
  attemptWindowMs: 60_000,
  sessionMs: 12 * 3_600_000,
};
