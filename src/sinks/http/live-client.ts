import { WebSocket } from 'ws';
import { z } from 'zod';
import type { ClientMessage, ServerMessage } from './protocol.js';
import type { HttpLimits } from './types.js';

const messageSchema: z.ZodType<ClientMessage> = z.strictObject({
  type: z.literal('watch'),
  feed: z.string().max(200).nullable(),
});

export interface LiveClientEvents {
  /** The page chose another spectrogram. */
  readonly watch: (client: LiveClient) => void;
  readonly closed: (client: LiveClient) => void;
  readonly dropped: () => void;
}

/**
 * One connected page. A page that reads too slowly first loses its spectrogram, then its connection:
 * what is unsent is memory of ours.
 */
export class LiveClient {
  /** Feed whose spectrogram is wanted. */
  watching: string | null = null;
  private alive = true;
  private messages = 0;

  /** @param session id of the login behind it, so that logging out can end it. */
  constructor(
    private readonly socket: WebSocket,
    readonly session: string | null,
    private readonly limits: HttpLimits,
    private readonly events: LiveClientEvents,
  ) {
    socket.on('message', (data, binary) => this.receive(String(data), binary));
    socket.on('pong', () => {
      this.alive = true;
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => events.closed(this));
  }

  send(message: ServerMessage | string): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    if (this.socket.bufferedAmount > this.limits.closeAboveBytes) this.socket.terminate();
    else this.socket.send(typeof message === 'string' ? message : JSON.stringify(message), ignoreFailure);
  }

  sendSpectrogram(bytes: Uint8Array): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    if (this.socket.bufferedAmount > this.limits.dropAboveBytes) this.events.dropped();
    else this.socket.send(bytes, ignoreFailure);
  }

  /** Called once a ping interval: ends the connection when the ping before this one was not answered. */
  ping(): void {
    if (!this.alive || this.socket.bufferedAmount > this.limits.closeAboveBytes) {
      this.socket.terminate();
      return;
    }
    this.alive = false;
    this.socket.ping();
  }

  /** Called once a second. */
  refillMessages(): void {
    this.messages = 0;
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  terminate(): void {
    this.socket.terminate();
  }

  private receive(text: string, binary: boolean): void {
    this.messages += 1;
    const message = binary ? null : parseMessage(text);
    if (this.messages > this.limits.messagesPerSecond) this.close(1008, 'too many messages');
    else if (message === null) this.close(1007, 'expected {"type":"watch","feed":…}');
    else this.watch(message.feed);
  }

  private watch(feed: string | null): void {
    if (this.watching === feed) return;
    this.watching = feed;
    this.events.watch(this);
  }
}

/** A failed write is followed by the socket's close, which is where it is acted on. */
function ignoreFailure(): void {}

function parseMessage(text: string): ClientMessage | null {
  try {
    return messageSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
