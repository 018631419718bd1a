/** Validation issues → one line each, naming file, line, key, what was expected and what was found. */
import type { Document, LineCounter } from 'yaml';
import { isMap, isNode } from 'yaml';
import type { z } from 'zod';
import { ConfigError } from '../contracts.js';
import { keysAt } from './schema-keys.js';
import { withoutSecrets } from './secrets.js';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** What is wrong with the key at `path`, in one line that names it. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
}

/** What a check says of the key at `path`; nothing when it passes. */
export function problemsOf(path: Path, check: () => unknown): Problem[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [{ path, message: error.message }];
    throw error;
  }
}

/** @throws {ConfigError} with a line a problem, each with its place, when there are any */
export function refuse(problems: readonly Problem[], origin: Origin): void {
  if (problems.length > 0) throw refusal(problems, origin);
}

export function refusal(problems: readonly Problem[], origin: Origin): ConfigError {
  return new ConfigError(problems.map(({ path, message }) => `${placeOf(path, origin)}: ${message}`).join('\n'));
}

export interface Origin {
  readonly file: string | null;
  readonly document: Document | null;
  readonly lines: LineCounter | null;
  /** Dotted path → variable that set it. */
  readonly variables: ReadonlyMap<string, string>;
}

/** What a schema has against a value: `mqtt.port: expected number, found "abc"`. */
export function problemsIn(value: unknown, schema: z.ZodType, issues: readonly Issue[]): Problem[] {
  return issues.flatMap((issue) => describe(issue, schema, value));
}

function describe(issue: Issue, schema: z.ZodType, value: unknown): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const known = keysAt(schema, issue.path);
      const type = known.includes(key) ? show(valueAt(value, [...issue.path, 'type']), []) : null;
      const hint = type === null ? suggestion(key, known) : ` of type ${type}`;
      const path = [...issue.path, key];
      return { path, message: `${nameOf(path)}: unknown key${hint}` };
    });
  }
  const { path } = issue;
  return [{ path, message: `${nameOf(path)}: ${sentence(issue)}, found ${show(valueAt(value, path), path)}` }];
}

function show(found: unknown, path: Path): string {
  if (found === undefined) return 'nothing';
  if (isSecret(path)) return 'a value that is not shown';
  return typeof found === 'number' ? String(found) : JSON.stringify(withoutSecrets(found));
}

function sentence(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.map((v) => String(v)).join(' | ')}`;
    case 'invalid_union':
      return 'options' in issue && issue.options ? `expected ${issue.options.join(' | ')}` : 'expected another form';
    case 'too_small':
      if (issue.inclusive === false) return `expected more than ${issue.minimum}`;
      return `expected at least ${issue.minimum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'too_big':
      return `expected at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

function nameOf(path: Path): string {
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
  return parts.join('').replace(/^\./, '') || 'the whole document';
}

/** `config/auscult.yaml:12` or `AUSCULT_MQTT__URL`. */
function placeOf(path: Path, origin: Origin): string {
  const variable = origin.variables.get(path.join('.')) ?? variableOf(path, origin);
  if (variable) return variable;
  const line = lineOf(path, origin);
  return `${origin.file ?? 'configuration'}${line ? `:${line}` : ''}`;
}

/** A variable that set something at the path, or at what the file does not have above it; null: the file is to blame. */
function variableOf(path: Path, { document, variables }: Origin): string | null {
  for (let depth = path.length; depth > 0; depth--) {
    const part = path.slice(0, depth);
    if (document?.hasIn(part)) return null;
    const key = `${part.join('.')}.`;
    const found = [...variables].find(([set]) => `${set}.`.startsWith(key));
    if (found) return found[1];
  }
  return null;
}

function lineOf(path: Path, { document, lines }: Origin): number | null {
  if (!document || !lines) return null;
  for (let depth = path.length; depth >= 0; depth--) {
    const parent = depth > 0 ? document.getIn(path.slice(0, depth - 1), true) : null;
    const last = path[depth - 1];
    const key = isMap(parent) ? parent.items.find((pair) => String(pair.key) === String(last))?.key : null;
    const node = key ?? document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return null;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((here, key) => (here as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
}

function isSecret(path: Path): boolean {
  return path.some((key) => /password|secret|token/i.test(String(key)) && !/file$/i.test(String(key)));
}

/** ` (did you mean "url"?)` when a known word is near. */
export function suggestion(word: string, known: readonly string[]): string {
  const best = known
    .map((k) => ({ k, d: editDistance(word.toLowerCase(), k.toLowerCase()) }))
    .sort((a, b) => a.d - b.d)[0];
  return best && best.d <= Math.max(2, Math.floor(word.length / 3)) ? ` (did you mean "${best.k}"?)` : '';
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
