import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { ConfigError } from '../contracts.js';
import { applyOverrides, type Override, readOverrides } from './environment.js';
import { type Origin, type Problem, problemsIn, problemsOf, refusal, refuse } from './errors.js';
import { type AlertsConfig, type ConfigShape, configSchema, type FeedShape } from './schema.js';
import { withoutSecrets } from './secrets.js';

/** A feed with everything decided: machine named, alerts merged, paths absolute. */
export type FeedConfig = Omit<FeedShape, 'machine' | 'alerts'> & {
  readonly machine: string;
  readonly alerts: AlertsConfig;
  /** Another feed with the same model: then neither may learn. Absent where the model is this feed's alone. */
  readonly sharesModelWith?: string;
};

/** The configuration as the rest of the program gets it. Secrets are in memory only. */
export type Config = Omit<ConfigShape, 'feeds'> & {
  readonly feeds: readonly FeedConfig[];
  /** SHA-256 of the configuration without its secrets; recorded with every event. */
  readonly digest: string;
};

export interface LoadOptions {
  /** YAML file; null for defaults and environment alone. */
  readonly file: string | null;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Relative paths in the configuration start here. Default: the working directory. */
  readonly baseDir?: string;
  /** What other rooms know to be wrong with it. */
  readonly check?: (config: Config) => readonly Problem[];
}

/**
 * Reads one YAML file, lays the environment over it and validates the whole.
 * @throws {ConfigError} naming every wrong key at once, one a line, with file and line number.
 */
export function loadConfig({ file, env = process.env, baseDir = process.cwd(), check }: LoadOptions): Config {
  const { document, lines } = file === null ? { document: null, lines: null } : readYaml(file);
  const { shape, origin } = validate(file, document, lines, readOverrides(env, configSchema));
  const problems = checkTogether(shape);
  const config = resolveConfig(shape, baseDir, problems);
  if (config.mqtt.enabled) problems.push(...tlsProblems(config));
  refuse(problems, origin);
  refuse(check?.(config) ?? [], origin);
  return config;
}

/** JSON Schema (draft 2020-12) of the YAML file, for editors. */
export function configJsonSchema(): object {
  return { title: 'Auscult configuration', ...z.toJSONSchema(configSchema, { io: 'input' }) };
}

/** What the broker's TLS needs, read from its files. @throws {ConfigError} naming the key whose file cannot be read */
export function readTls({ mqtt: { tls } }: Config): {
  ca?: string;
  cert?: string;
  key?: string;
  rejectUnauthorized?: boolean;
} {
  if (!tls) return {};
  const read = (name: TlsFile) => {
    const path = tls[name];
    return path === undefined ? {} : { [name]: readSetting(path, `mqtt.tls.${name}`) };
  };
  return { ...read('ca'), ...read('cert'), ...read('key'), rejectUnauthorized: tls.rejectUnauthorized };
}

const tlsFiles = ['ca', 'cert', 'key'] as const;
type TlsFile = (typeof tlsFiles)[number];

function tlsProblems({ mqtt: { tls } }: Config): Problem[] {
  return tlsFiles.flatMap((name) => {
    const path = tls?.[name];
    return path === undefined ? [] : problemsOf(['mqtt', 'tls', name], () => readSetting(path, `mqtt.tls.${name}`));
  });
}

/** True where the broker is another's, at `mqtt.url`. */
export function brokerIsExternal({ broker, url }: Pick<ConfigShape['mqtt'], 'broker' | 'url'>): boolean {
  return (broker ?? (url ? 'external' : 'embedded')) === 'external';
}

function readYaml(file: string): { document: Document; lines: LineCounter } {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: true });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((e) => `${file}: not valid YAML: ${e.message.split('\n')[0]}`).join('\n'),
    );
  }
  return { document, lines };
}

/** @throws {ConfigError} for an alias without its anchor, or aliases that make too much of it */
function valuesOf(file: string, document: Document | null): unknown {
  try {
    return document?.toJS() ?? {};
  } catch (cause) {
    throw new ConfigError(`${file}: not valid YAML: ${(cause as Error).message}`, { cause });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(
      `${file}: expected a readable YAML file, found ${(cause as NodeJS.ErrnoException).code ?? 'an error'}`,
      {
        cause,
      },
    );
  }
}

function validate(
  file: string | null,
  document: Document | null,
  lines: LineCounter | null,
  overrides: readonly Override[],
): { shape: ConfigShape; origin: Origin } {
  const written = file === null ? {} : valuesOf(file, document);
  let value = applyOverrides(written, overrides, new Set());
  let result = configSchema.safeParse(value);
  if (!result.success) {
    // A number or boolean in the environment where text is expected ("12345" as a password) is that text.
    const asText = new Set(
      result.error.issues
        .filter((i) => i.code === 'invalid_type' && i.expected === 'string')
        .map((i) => i.path.join('.')),
    );
    value = applyOverrides(written, overrides, asText);
    result = configSchema.safeParse(value);
  }
  const variables = new Map(overrides.map((o) => [o.path.join('.'), o.variable]));
  const origin = { file, document, lines, variables };
  if (!result.success) throw refusal(problemsIn(value, configSchema, result.error.issues), origin);
  return { shape: result.data, origin };
}

/** @param problems joined by those of files that cannot be read */
function resolveConfig(shape: ConfigShape, baseDir: string, problems: Problem[]): Config {
  const at = (path: string) => resolve(baseDir, path);
  const feeds = shape.feeds.map((feed): FeedConfig => {
    const other = shape.feeds.find((one) => one !== feed && at(one.model) === at(feed.model));
    return {
      ...feed,
      machine: feed.machine ?? feed.name,
      model: at(feed.model),
      source: resolveSource(feed.source, at),
      alerts: { ...shape.alerts, ...defined(feed.alerts ?? {}) },
      ...(other && { sharesModelWith: other.name }),
    };
  });
  const passwordOf = (name: 'mqtt' | 'http'): string | undefined => {
    const { password, passwordFile } = shape[name];
    if (passwordFile === undefined) return password;
    let read: string | undefined;
    const key = `${name}.passwordFile`;
    problems.push(...problemsOf([name, 'passwordFile'], () => (read = readSetting(at(passwordFile), key))));
    return read?.replace(/\r?\n$/, '');
  };
  const config = {
    ...shape,
    dataDir: at(shape.dataDir),
    mqtt: { ...shape.mqtt, password: passwordOf('mqtt'), tls: resolveTls(shape.mqtt.tls, at) },
    http: { ...shape.http, password: passwordOf('http') },
    feeds,
  };
  return {
    ...config,
    digest: createHash('sha256')
      .update(JSON.stringify(withoutSecrets(config)))
      .digest('hex'),
  };
}

function resolveSource(source: FeedShape['source'], at: (path: string) => string): FeedShape['source'] {
  switch (source.type) {
    case 'wav':
      return { ...source, files: source.files.map(at) };
    case 'audio-folder':
    case 'image-folder':
      return { ...source, folder: at(source.folder) };
    case 'table':
      return { ...source, file: source.file === '-' ? '-' : at(source.file) };
    default:
      return source;
  }
}

function resolveTls(tls: ConfigShape['mqtt']['tls'], at: (path: string) => string): ConfigShape['mqtt']['tls'] {
  if (!tls) return undefined;
  const file = (path: string | undefined) => (path === undefined ? undefined : at(path));
  return { ...tls, ca: file(tls.ca), cert: file(tls.cert), key: file(tls.key) };
}

function readSetting(path: string, key: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(
      `${key}: expected a readable file, found ${(cause as NodeJS.ErrnoException).code} at ${path}`,
      {
        cause,
      },
    );
  }
}

/** Rules over several keys at once. */
function checkTogether({ mqtt, feeds }: ConfigShape): Problem[] {
  const problems: Problem[] = [];
  const expect = (path: Problem['path'], message: string) => problems.push({ path, message });
  const seen = new Set<string>();
  feeds.forEach(({ name, operating, source }, i) => {
    const at = (...path: string[]) => ['feeds', i, ...path];
    const feed = `feeds[${i}]`;
    if (seen.has(name)) expect(at('name'), `${feed}.name: expected a unique name, found "${name}" twice`);
    seen.add(name);
    if (operating.from === 'topic' && operating.topic === undefined)
      expect(
        at('operating', 'topic'),
        `${feed}.operating.topic: expected a topic because operating.from is "topic", found nothing`,
      );
    if (operating.from === 'topic' && !mqtt.enabled)
      expect(
        at('operating', 'from'),
        `${feed}.operating.from: expected mqtt.enabled to be true, since the topic comes over MQTT, found false`,
      );
    if (source.type === 'topic' && !mqtt.enabled)
      expect(
        at('source', 'topic'),
        `${feed}.source.topic: expected mqtt.enabled to be true, since the rows come over MQTT, found false`,
      );
    if ('channels' in source && source.channel >= source.channels)
      expect(
        at('source', 'channel'),
        `${feed}.source.channel: expected less than channels (${source.channels}), found ${source.channel}`,
      );
  });
  if (mqtt.broker === 'external' && mqtt.url === undefined)
    expect(['mqtt', 'url'], 'mqtt.url: expected an address because mqtt.broker is "external", found nothing');
  if (mqtt.url !== undefined && /^\w+:\/\/[^/?#]*@/.test(mqtt.url))
    expect(
      ['mqtt', 'url'],
      'mqtt.url: expected no user or password in it, found one; use mqtt.username and mqtt.passwordFile',
    );
  return problems;
}

function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as never;
}
