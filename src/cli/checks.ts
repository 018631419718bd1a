/** What `auscult doctor` looks at. Each check answers with one line and never throws. */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, statfsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { brokerIsExternal, type Config } from '../config/load.js';

export interface Check {
  readonly what: string;
  readonly result: 'fine' | 'missing' | 'wrong';
  readonly detail: string;
}

const run = promisify(execFile);

export async function program(
  name: string,
  args: readonly string[],
  debianPackage: string,
  why: string,
): Promise<Check> {
  try {
    const { stdout, stderr } = await run(name, args, { timeout: 5000 });
    return { what: name, result: 'fine', detail: (stdout || stderr).split('\n')[0]?.trim() ?? '' };
  } catch {
    return { what: name, result: 'missing', detail: `${why}; install Debian's ${debianPackage}` };
  }
}

export function node(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > 20 || (major === 20 && minor >= 11);
  return {
    what: 'node',
    result: enough ? 'fine' : 'wrong',
    detail: `expected ≥ 20.11, found ${process.versions.node}`,
  };
}

export function dataFolder(folder: string): Check {
  const what = `data folder ${folder}`;
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    const freeGb = (bavail * bsize) / 1e9;
    return { what, result: freeGb > 0.5 ? 'fine' : 'wrong', detail: `writable, ${freeGb.toFixed(1)} GB free` };
  } catch (error) {
    return {
      what,
      result: 'wrong',
      detail: `expected a writable folder, found ${(error as NodeJS.ErrnoException).code}`,
    };
  }
}

export async function broker({ mqtt }: Config): Promise<Check> {
  if (!mqtt.enabled) return { what: 'MQTT', result: 'fine', detail: 'switched off by mqtt.enabled' };
  if (!brokerIsExternal(mqtt) || !mqtt.url)
    return { what: 'MQTT', result: 'fine', detail: `embedded broker, port ${mqtt.port} or the next free one` };
  const { hostname, port, protocol } = new URL(mqtt.url);
  const defaults: Record<string, number> = { 'mqtts:': 8883, 'ssl:': 8883, 'tls:': 8883, 'ws:': 80, 'wss:': 443 };
  const at = Number(port) || (defaults[protocol] ?? 1883);
  const problem = await tcp(hostname, at);
  return { what: `broker ${hostname}:${at}`, result: problem ? 'wrong' : 'fine', detail: problem ?? 'answers' };
}

function tcp(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 3000 });
    const end = (problem: string | null) => {
      socket.destroy();
      resolve(problem);
    };
    socket.once('connect', () => end(null));
    socket.once('timeout', () => end('expected an answer within 3 s, found none'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(`expected a listening broker, found ${error.code}`));
  });
}

export function pagePort({ http }: Config): Promise<Check> {
  const what = `page ${http.host}:${http.port}`;
  if (!http.enabled) return Promise.resolve({ what, result: 'fine', detail: 'switched off by http.enabled' });
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve({ what, result: 'fine', detail: `taken (${error.code}): the next free port will be used` });
    });
    server.listen(http.port, http.host, () => server.close(() => resolve({ what, result: 'fine', detail: 'free' })));
  });
}

/** What a feed reads from must exist before it starts, devices excepted: they may be plugged in later. */
export function feedInput(feed: Config['feeds'][number]): Check {
  const what = `feed ${feed.name}`;
  const paths = inputPaths(feed.source);
  const absent = paths.find((path) => !existsSync(path) && !existsSync(dirname(path)));
  if (absent) return { what, result: 'wrong', detail: `expected ${absent}, found nothing there` };
  return { what, result: 'fine', detail: `${feed.source.type}${paths.length ? `: ${paths.join(', ')}` : ''}` };
}

function inputPaths(source: Config['feeds'][number]['source']): readonly string[] {
  switch (source.type) {
    case 'wav':
      return source.files;
    case 'audio-folder':
    case 'image-folder':
      return [source.folder];
    case 'table':
      return source.file === '-' ? [] : [source.file];
    default:
      return [];
  }
}
