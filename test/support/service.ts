/** The built command line as a child process, and a real Mosquitto beside it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';

const root = join(import.meta.dirname, '..', '..');
export const sound = (name: string) => join(root, 'models', 'demo-sound', name);
export const model = (name: string) => join(root, 'models', name);

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'auscult-service-'));
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until something is true. @throws after `limitMs` naming it */
export async function until<T>(what: string, look: () => T | undefined | null | false, limitMs = 30_000): Promise<T> {
  const end = Date.now() + limitMs;
  while (Date.now() < end) {
    const found = look();
    if (found) return found;
    await sleep(50);
  }
  throw new Error(`${what}: did not happen within ${limitMs} ms`);
}

export class Service {
  readonly output: { out: string; err: string } = { out: '', err: '' };
  readonly ended: Promise<{ code: number | null; signal: string | null }>;

  private constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (data: Buffer) => {
      this.output.out += data.toString();
    });
    child.stderr?.on('data', (data: Buffer) => {
      this.output.err += data.toString();
    });
    this.ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  }

  static start(
    args: readonly string[],
    { cwd = root, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
  ): Service {
    return new Service(
      spawn(process.execPath, [join(root, 'dist', 'cli', 'main.js'), ...args], {
        cwd,
        env: { ...process.env, ...env },
      }),
    );
  }

  static async run(
    args: readonly string[],
    options: { cwd?: string; env?: Record<string, string> } = {},
  ): Promise<{ code: number | null; out: string; err: string }> {
    const service = Service.start(args, options);
    const { code } = await service.ended;
    return { code, ...service.output };
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ code: number | null; signal: string | null }> {
    this.child.kill(signal);
    return this.ended;
  }
}

export class Mosquitto {
  #child: ChildProcess | null = null;

  constructor(
    readonly port: number,
    private readonly folder: string,
  ) {}

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const config = join(this.folder, 'mosquitto.conf');
    writeFileSync(config, `listener ${this.port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
    this.#child = spawn('mosquitto', ['-c', config], { stdio: 'ignore' });
    for (let tries = 0; tries < 100; tries++) {
      if (await answers(this.port)) return;
      await sleep(50);
    }
    throw new Error('mosquitto did not start');
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    child.kill();
    await once(child, 'exit');
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

export interface Message {
  readonly topic: string;
  readonly payload: Record<string, unknown>;
  readonly retain: boolean;
}

/** Everything that is published under a topic filter. */
export async function listen(
  url: string,
  filter = 'auscult/#',
): Promise<{ messages: Message[]; client: mqtt.MqttClient }> {
  const client = await mqtt.connectAsync(url, { reconnectPeriod: 100 });
  const messages: Message[] = [];
  client.on('message', (topic, payload, { retain }) => {
    messages.push({ topic, payload: JSON.parse(payload.toString()), retain });
  });
  await client.subscribeAsync(filter, { qos: 1 });
  return { messages, client };
}
