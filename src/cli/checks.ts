/** What `auscult doctor` looks at. Each check answers with one line and never throws. */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, statfsSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { brokerIsExternal, type Config, type FeedConfig } from '../config/load.js';
import { checkModality } from '../monitoring/open-source.js';
import { checkPackagePlace, packageIsThere } from '../scorers/package-places.js';
import { openScorer } from '../scorers/package-scorer.js';
import { bind } from '../sinks/http/bind.js';

export interface Check {
  readonly what: string;
  readonly result: 'fine' | 'missing' | 'warn' | 'wrong';
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

/** Takes the port as `run` would, for a moment. */
export async function pagePort({ http }: Config): Promise<Check> {
  const what = `page ${http.host}:${http.port}`;
  if (!http.enabled) return { what, result: 'fine', detail: 'switched off by http.enabled' };
  const server = createServer();
  try {
    const port = await bind(server, http.host, http.port);
    const free = http.port === 0 || port === http.port;
    return { what, result: 'fine', detail: free ? 'free' : `taken: the next free one, ${port}, will be used` };
  } catch (error) {
    return { what, result: 'wrong', detail: (error as Error).message };
  } finally {
    server.close();
  }
}

/** What is read once must be there; folders and tables that are watched are waited for, and devices may be plugged in later. */
export function feedInput({ name, source }: FeedConfig): Check {
  const what = `feed ${name}`;
  const paths = inputPaths(source);
  const absent = paths.find((path) => !existsSync(path));
  if (absent === undefined)
    return { what, result: 'fine', detail: `${source.type}${paths.length ? `: ${paths.join(', ')}` : ''}` };
  const waits = source.type === 'table' ? source.follow : source.type !== 'wav';
  const detail = `expected ${absent}, found nothing there${waits ? ' yet; it is waited for' : ''}`;
  return { what, result: waits ? 'warn' : 'wrong', detail };
}

function inputPaths(source: FeedConfig['source']): readonly string[] {
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

/** The package that judges a feed, and whether `learn` can write another. */
export async function feedModel(feed: FeedConfig): Promise<Check> {
  const { name, model } = feed;
  const what = `model of ${name}`;
  try {
    if (!packageIsThere(model)) {
      checkPackagePlace(model);
      return { what, result: 'missing', detail: `no package at ${model} yet; send the command learn, or train one` };
    }
    const scorer = await openScorer(model);
    await scorer.close();
    const { features } = scorer.manifest;
    checkModality(feed, features);
    return { what, ...learnable(model, `${model}, ${features.kind}`) };
  } catch (error) {
    return { what, result: 'wrong', detail: (error as Error).message };
  }
}

function learnable(model: string, detail: string): Pick<Check, 'result' | 'detail'> {
  try {
    checkPackagePlace(model);
    return { result: 'fine', detail };
  } catch (error) {
    return { result: 'warn', detail: `${detail}; learn cannot replace it: ${(error as Error).message}` };
  }
}
