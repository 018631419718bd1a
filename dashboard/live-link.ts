import type { ClientMessage, ServerMessage } from '../src/sinks/http/protocol.js';
import { decodeSpectrogram, type SpectrogramMessage } from '../src/sinks/http/spectrogram-frame.js';

export type LinkState = 'connecting' | 'live' | 'lost';

export interface LinkEvents {
  readonly message: (message: ServerMessage) => void;
  readonly spectrogram: (message: SpectrogramMessage) => void;
  readonly state: (state: LinkState) => void;
  /** The connection could not be made or ended: is the reader still logged in? */
  readonly refused: () => void;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
/** Of the service's signs of life, missed in a row: the connection is dead, though nobody said so. */
const MISSED = 3;
const FIRST_PATIENCE_MS = 45_000;

/** The WebSocket, made anew with growing, jittered pauses for as long as it is open. */
export class LiveLink {
  private socket: WebSocket | null = null;
  private retryMs = FIRST_RETRY_MS;
  private timer = 0;
  private patienceMs = FIRST_PATIENCE_MS;
  private patience = 0;
  private watching: string | null = null;

  constructor(private readonly events: LinkEvents) {}

  open(): void {
    this.close();
    this.events.state('connecting');
    addEventListener('online', this.hurry);
    this.connect();
  }

  close(): void {
    removeEventListener('online', this.hurry);
    clearTimeout(this.timer);
    this.hangUp();
  }

  /** Asks for this feed's spectrogram, now and after every reconnection. */
  watch(feed: string | null): void {
    this.watching = feed;
    this.sendWatch();
  }

  private connect(): void {
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/live`);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    this.patienceMs = FIRST_PATIENCE_MS;
    this.waitForWord();
    socket.onopen = () => {
      this.retryMs = FIRST_RETRY_MS;
      this.sendWatch();
    };
    socket.onmessage = ({ data }) => this.receive(data);
    socket.onclose = () => this.socket === socket && this.lost();
  }

  /** A cable that is out and a service that hangs close nothing. */
  private waitForWord(): void {
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.lost(), this.patienceMs);
  }

  private receive(data: unknown): void {
    this.waitForWord();
    if (data instanceof ArrayBuffer) {
      const message = decodeSpectrogram(data);
      if (message) this.events.spectrogram(message);
      return;
    }
    const message = JSON.parse(String(data)) as ServerMessage;
    if (message.type === 'hello') {
      this.patienceMs = MISSED * message.aliveMs;
      this.events.state('live');
    }
    this.events.message(message);
  }

  private lost(): void {
    this.hangUp();
    this.events.state('lost');
    this.events.refused();
    const pauseMs = this.retryMs * (0.75 + Math.random() / 2);
    this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS);
    this.timer = setTimeout(() => this.connect(), pauseMs);
  }

  private hangUp(): void {
    clearTimeout(this.patience);
    const { socket } = this;
    this.socket = null;
    socket?.close();
  }

  private readonly hurry = (): void => {
    if (this.socket !== null) return;
    clearTimeout(this.timer);
    this.connect();
  };

  private sendWatch(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify({ type: 'watch', feed: this.watching } satisfies ClientMessage));
  }
}
