import { createServer, type Server } from 'node:net';
import { Aedes } from 'aedes';
import { SourceError } from '../../contracts.js';

const TRIES = 100;

export interface EmbeddedBrokerOptions {
  /** 0 for any free port. A taken one makes way to the next free one. */
  readonly port: number;
  /** Default 127.0.0.1. The broker asks for no password: do not open it to a network. */
  readonly host?: string;
  readonly onNotice?: (line: string) => void;
}

export interface EmbeddedBroker {
  readonly port: number;
  readonly url: string;
  /** Ends every connection and frees the port. */
  close(): Promise<void>;
}

/**
 * An MQTT 3.1.1 broker within this process, so that a first run needs nothing else. Retained messages live in memory: what must not
 * be lost waits in the outbox.
 * @throws {SourceError} when no port is free
 */
export async function openEmbeddedBroker({
  port,
  host = '127.0.0.1',
  onNotice,
}: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const aedes = await Aedes.createBroker();
  const server = createServer(aedes.handle);
  try {
    const found = await listenFrom(server, host, port);
    if (port !== 0 && found !== port) onNotice?.(`embedded MQTT broker: port ${port} is taken, using ${found}`);
    return { port: found, url: `mqtt://${host}:${found}`, close: () => closeBroker(aedes, server) };
  } catch (error) {
    await closeBroker(aedes, server);
    throw error;
  }
}

async function listenFrom(server: Server, host: string, port: number): Promise<number> {
  const last = Math.min(port + TRIES - 1, 65_535);
  for (let candidate = port; candidate <= last; candidate++) {
    const found = await listen(server, host, candidate);
    if (found !== null) return found;
  }
  throw new SourceError(`embedded MQTT broker: expected a free port on ${host} from ${port} to ${last}, all are taken`);
}

/** The port, or null when it is taken. */
function listen(server: Server, host: string, port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else
        reject(
          new SourceError(`embedded MQTT broker: cannot listen on ${host}:${port} (${error.code})`, { cause: error }),
        );
    };
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

async function closeBroker(aedes: Aedes, server: Server): Promise<void> {
  const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
  await new Promise<void>((resolve) => aedes.close(() => resolve()));
  await stopped;
}
