import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { AuscultError } from '../../contracts.js';
import type { EventCursor } from '../../store/types.js';
import type { Access, Auth } from './auth.js';
import { sendClip } from './clips.js';
import { parseCommand } from './command-schema.js';
import { readCurve } from './curve.js';
import type { LiveHub } from './live-hub.js';
import type { LiveState } from './live-state.js';
import type { EventPage, Session } from './protocol.js';
import { HttpError, readJson, sendJson } from './respond.js';
import type { HttpLimits, HttpSinkOptions } from './types.js';

/** What every handler may use. */
export interface ApiContext {
  readonly options: HttpSinkOptions;
  readonly limits: HttpLimits;
  readonly auth: Auth;
  readonly hub: LiveHub;
  readonly state: LiveState;
}

export interface ApiRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly access: Access;
  /** What the route's pattern caught. */
  readonly match: RegExpExecArray;
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly pattern: RegExp;
  /** True where a login is not (yet) needed. */
  readonly open?: boolean;
  readonly handle: (context: ApiContext, api: ApiRequest) => void | Promise<void>;
}

export const ROUTES: readonly Route[] = [
  { method: 'GET', pattern: /^\/api\/session$/, open: true, handle: getSession },
  { method: 'POST', pattern: /^\/api\/login$/, open: true, handle: postLogin },
  { method: 'POST', pattern: /^\/api\/logout$/, open: true, handle: postLogout },
  { method: 'GET', pattern: /^\/api\/machines$/, handle: getMachines },
  { method: 'GET', pattern: /^\/api\/events$/, handle: getEvents },
  { method: 'GET', pattern: /^\/api\/events\/([\w-]{1,64})$/, handle: getEvent },
  { method: 'GET', pattern: /^\/api\/scores$/, handle: getScores },
  { method: 'GET', pattern: /^\/api\/clips\/([0-9a-f]{64})(?:\.(?:wav|png|jpg))?$/, handle: getClip },
  { method: 'POST', pattern: /^\/api\/commands$/, handle: postCommand },
];

function getSession({ auth }: ApiContext, { response, access }: ApiRequest): void {
  const session: Session = { granted: access.granted, loginRequired: auth.required };
  sendJson(response, 200, session);
}

const loginSchema = z.strictObject({ user: z.string().max(200), password: z.string().max(1_000) });

async function postLogin({ auth, limits }: ApiContext, { request, response }: ApiRequest): Promise<void> {
  const body = loginSchema.safeParse(await readJson(request, limits.bodyBytes));
  if (!body.success) throw new HttpError(400, 'expected {"user":…,"password":…}');
  const result = auth.login(body.data, request);
  if ('waitMs' in result) throw refusal(result.waitMs);
  response.setHeader('set-cookie', result.cookie);
  sendJson(response, 200, { granted: true, loginRequired: true } satisfies Session);
}

/** 429 while an address must wait, else 401. No WWW-Authenticate: the page has its own form. */
export function refusal(waitMs: number): HttpError {
  if (waitMs <= 0) return new HttpError(401, 'user or password: not right, or not given');
  const seconds = Math.ceil(waitMs / 1000);
  return new HttpError(429, `too many wrong passwords: try again in ${seconds} s`, { 'retry-after': String(seconds) });
}

function postLogout({ auth, hub }: ApiContext, { request, response }: ApiRequest): void {
  const { session, cookie } = auth.logout(request);
  if (session !== null) hub.endSession(session);
  response.setHeader('set-cookie', cookie);
  sendJson(response, 200, { granted: !auth.required, loginRequired: auth.required } satisfies Session);
}

function getMachines({ options, state }: ApiContext, { response }: ApiRequest): void {
  sendJson(response, 200, { site: options.site, version: options.version, machines: state.snapshot() });
}

const eventsSchema = z.strictObject({
  machine: z.string().max(200).optional(),
  before: z
    .string()
    .regex(/^\d{1,15}_[\w-]{1,64}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(25),
});

async function getEvents({ options }: ApiContext, { response, url }: ApiRequest): Promise<void> {
  const { machine, before, limit } = parseQuery(eventsSchema, url);
  const cursor = before === undefined ? undefined : parseCursor(before);
  const found = options.data.events({ machine, before: cursor, limit: limit + 1 });
  const events = found.slice(0, limit);
  const last = events.at(-1);
  const next = found.length > limit && last ? `${last.raisedMs}_${last.id}` : null;
  sendJson(response, 200, { events, next } satisfies EventPage);
}

function parseCursor(text: string): EventCursor {
  const split = text.indexOf('_');
  return { raisedMs: Number(text.slice(0, split)), id: text.slice(split + 1) };
}

function getEvent({ options }: ApiContext, { response, match }: ApiRequest): void {
  const event = options.data.event(match[1] ?? '');
  if (event === null) throw new HttpError(404, `event ${match[1]}: not stored`);
  sendJson(response, 200, event);
}

const scoresSchema = z.strictObject({
  feed: z.string().max(200),
  from: z.coerce.number().int().min(0),
  to: z.coerce.number().int().min(0).optional(),
  points: z.coerce.number().int().min(1).max(2_000).default(600),
});

async function getScores({ options }: ApiContext, { response, url }: ApiRequest): Promise<void> {
  const { feed, from, to = Date.now(), points } = parseQuery(scoresSchema, url);
  if (to <= from) throw new HttpError(400, `to: expected later than from=${from}, got ${to}`);
  const machine = options.feeds.find((known) => known.feed === feed)?.machine;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  sendJson(
    response,
    200,
    await readCurve(options.data, { feed, machine, fromMs: from, toMs: to, points }, gone.signal),
  );
}

function parseQuery<T>(schema: z.ZodType<T>, url: URL): T {
  const parsed = schema.safeParse(Object.fromEntries(url.searchParams));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'query'}: ${issue.message}`);
  throw new HttpError(400, problems.join('; ').slice(0, 500));
}

async function getClip({ options }: ApiContext, { request, response, match }: ApiRequest): Promise<void> {
  const sha256 = match[1] ?? '';
  const clip = options.data.clip(sha256);
  if (clip === null) throw new HttpError(404, `clip ${sha256}: not stored`);
  await sendClip(request, response, clip);
}

async function postCommand({ options, limits, state }: ApiContext, { request, response }: ApiRequest): Promise<void> {
  const command = parseCommand(await readJson(request, limits.bodyBytes));
  if (!state.hasMachine(command.machine)) {
    throw new HttpError(404, `machine: expected one of ${state.machineNames().join(', ')}, got ${command.machine}`);
  }
  try {
    sendJson(response, 200, { message: await options.commands(command) });
  } catch (error) {
    if (error instanceof AuscultError) throw new HttpError(409, error.message);
    throw error;
  }
}
