import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

const OFFERS = new Set(['connection', 'upgrade', 'http2-settings']);

export function wantsWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Clients offer other protocols by the way: Java's and `curl --http2` HTTP/2. Such an offer need not be taken (RFC 9110 §7.8), but Node
 * stops reading at it.
 * @returns the socket with the request put back, without the offer: a connection that has just begun
 */
export function declineUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Duplex {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (!OFFERS.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[i + 1]}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  return socket;
}
