import type { Server } from 'node:http';
import { ConfigError } from '../../contracts.js';
import { isLoopback } from './guard.js';
import type { Credentials } from './types.js';

const PORTS_TO_TRY = 50;

/** The login of a configuration; null only where nothing of one is given: half of one must not leave the page open. */
export function loginOf({ username, password }: { username?: string; password?: string }): Credentials | null {
  if (username === undefined && password === undefined) return null;
  return { user: username ?? '', password: password ?? '' };
}

/** @throws {ConfigError} when the login is half given, or has a user that Basic cannot carry (RFC 7617) */
export function checkLogin(credentials: Credentials | null): void {
  if (credentials === null) return;
  const { user, password } = credentials;
  if (user === '' || password === '') {
    const missing = user === '' ? 'http.username' : 'http.password (or passwordFile)';
    throw new ConfigError(`http: expected both a user and a password, ${missing} is missing or empty`);
  }
  if (user.includes(':')) throw new ConfigError(`http.username: expected no ":" in it, found "${user}"`);
}

/** @throws {ConfigError} when others could reach the page without a login */
export function checkExposure(host: string, credentials: Credentials | null): void {
  if (credentials === null && !isLoopback(host)) {
    throw new ConfigError(
      `http.host: ${host} can be reached from other machines, which needs http.username and http.password; without them use 127.0.0.1`,
    );
  }
}

/**
 * Listens on `port`, or on the next free one.
 * @returns the port taken   @throws {ConfigError} when the address is not ours, or no port is free or allowed
 */
export async function bind(server: Server, host: string, port: number): Promise<number> {
  const last = port === 0 ? 0 : Math.min(port + PORTS_TO_TRY - 1, 65_535);
  for (let candidate = port; candidate <= last; candidate++) {
    const problem = await tryListen(server, host, candidate);
    if (problem === null) return boundPort(server);
    if (problem.code !== 'EADDRINUSE') throw listenError(host, candidate, problem);
  }
  throw new ConfigError(`http.port: expected a free port from ${port} to ${last} on ${host}, all are taken`);
}

function tryListen(server: Server, host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const settle = (problem: NodeJS.ErrnoException | null) => {
      server.off('error', onError);
      server.off('listening', onListening);
      resolve(problem);
    };
    const onError = (problem: NodeJS.ErrnoException) => settle(problem);
    const onListening = () => settle(null);
    server.once('error', onError);
    server.once('listening', onListening);
    server.listen({ host, port });
  });
}

function listenError(host: string, port: number, cause: NodeJS.ErrnoException): ConfigError {
  const reasons: Readonly<Record<string, string>> = {
    EACCES: 'this user may not use that port',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'no such host name',
  };
  const reason = reasons[cause.code ?? ''] ?? cause.message;
  return new ConfigError(`http: cannot listen on ${host}:${port}: ${reason}`, { cause });
}

function boundPort(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
