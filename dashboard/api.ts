import type { Command, Event } from '../src/contracts.js';
import type { Curve, EventPage, Session } from '../src/sinks/http/protocol.js';
import { STORED_POINTS } from './score-history.js';

/** The server's own words about why it refused. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function call<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, { ...init, credentials: 'same-origin' }).catch(() => {
    throw new ApiError(0, 'The service cannot be reached.');
  });
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body as T;
  const said = typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : response.statusText;
  throw new ApiError(response.status, said);
}

function post<T>(path: string, body: unknown): Promise<T> {
  return call<T>(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

export function fetchSession(): Promise<Session> {
  return call<Session>('/api/session');
}

export function login(user: string, password: string): Promise<Session> {
  return post<Session>('/api/login', { user, password });
}

export function logout(): Promise<Session> {
  return post<Session>('/api/logout', {});
}

/** @param before `next` of the page before, or null for the newest. */
export function fetchEvents(machine: string | null, before: string | null, limit: number): Promise<EventPage> {
  const query = new URLSearchParams({ limit: String(limit) });
  if (machine !== null) query.set('machine', machine);
  if (before !== null) query.set('before', before);
  return call<EventPage>(`/api/events?${query}`);
}

export function fetchEvent(id: string): Promise<Event> {
  return call<Event>(`/api/events/${encodeURIComponent(id)}`);
}

export function fetchCurve(feed: string, fromMs: number): Promise<Curve> {
  const query = new URLSearchParams({ feed, from: String(Math.floor(fromMs)), points: String(STORED_POINTS) });
  return call<Curve>(`/api/scores?${query}`);
}

/** Resolves with one line to show. */
export async function sendCommand(command: Command): Promise<string> {
  const { message } = await post<{ readonly message: string }>('/api/commands', command);
  return message;
}

export function clipUrl(sha256: string): string {
  return `/api/clips/${sha256}`;
}
