import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as tcpConnect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type IClientOptions, type IPublishPacket } from 'mqtt';
import { onTestFinished } from 'vitest';

const SEARCH = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };

function installed(command: string, argument: string): boolean {
  return spawnSync(command, [argument], { env: SEARCH, stdio: 'ignore' }).error === undefined;
}

export const hasMosquitto = installed('mosquitto', '-h');
export const hasOpenssl = installed('openssl', 'version');

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** A Mosquitto on a port of its own, that can be stopped and started again. */
export class Mosquitto {
  readonly folder = mkdtempSync(join(tmpdir(), 'auscult-mosquitto-'));
  #child: ChildProcess | null = null;

  constructor(
    readonly port: number,
    private readonly config: readonly string[],
  ) {
    onTestFinished(async () => {
      await this.stop();
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async start(): Promise<this> {
    const file = join(this.folder, 'mosquitto.conf');
    const user = process.getuid?.() === 0 ? ['user root'] : [];
    const persistence = ['persistence true', `persistence_location ${this.folder}/`];
    writeFileSync(file, [...user, ...persistence, `listener ${this.port} 127.0.0.1`, ...this.config, ''].join('\n'));
    this.#child = spawn('mosquitto', ['-c', file], { env: SEARCH, stdio: 'ignore' });
    await answers(this.port);
    return this;
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }
}

async function answers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = tcpConnect(port, '127.0.0.1');
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (open) return;
    await sleep(25);
  }
  throw new Error(`mosquitto does not answer on port ${port}`);
}

export async function startMosquitto(config: readonly string[] = ['allow_anonymous true']): Promise<Mosquitto> {
  return new Mosquitto(await freePort(), config).start();
}

export interface Seen {
  readonly topic: string;
  readonly payload: string;
  readonly retained: boolean;
  readonly qos: number;
}

/** Subscribes to everything and remembers it; comes back by itself when the broker does. */
export class Observer {
  readonly seen: Seen[] = [];
  readonly #client;

  private constructor(url: string, options: IClientOptions) {
    this.#client = connect(url, {
      reconnectPeriod: 50,
      clean: false,
      clientId: `observer-${process.pid}-${counter++}`,
      ...options,
    });
    this.#client.on('error', () => undefined);
    this.#client.on('message', (topic: string, payload: Buffer, { retain, qos }: IPublishPacket) => {
      this.seen.push({ topic, payload: payload.toString(), retained: retain, qos });
    });
    onTestFinished(() => this.#client.endAsync(true));
  }

  static async on(url: string, options: IClientOptions = {}): Promise<Observer> {
    const observer = new Observer(url, options);
    await observer.#client.subscribeAsync('#', { qos: 1 });
    return observer;
  }

  /** JSON payloads of a topic, in order of arrival. */
  of(topic: string): Record<string, unknown>[] {
    return this.seen
      .filter((message) => message.topic === topic)
      .map(({ payload }) => JSON.parse(payload) as Record<string, unknown>);
  }

  async publish(topic: string, payload: string | Buffer, retain = false): Promise<void> {
    await this.#client.publishAsync(topic, payload, { qos: 1, retain });
  }
}

let counter = 0;

/** An authority and a certificate of 127.0.0.1 that it signed, as files. */
export function makeCertificates(folder: string): { ca: string; cert: string; key: string } {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-days',
    '2',
    '-subj',
    '/CN=Test authority',
  );
  openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=127.0.0.1');
  writeFileSync(join(folder, 'server.ext'), 'subjectAltName=IP:127.0.0.1\n');
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'server.crt',
    '-days',
    '2',
    '-extfile',
    'server.ext',
  );
  return { ca: join(folder, 'ca.crt'), cert: join(folder, 'server.crt'), key: join(folder, 'server.key') };
}
