import { ConfigError } from '../../contracts.js';

const PROTOCOLS = ['mqtt:', 'mqtts:', 'ws:', 'wss:', 'tcp:', 'ssl:'];

export interface BrokerAddress {
  /** Without credentials: safe to log. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/**
 * Takes user and password out of a broker's URL.
 * @throws {ConfigError} when it is no MQTT URL; the message does not repeat the password
 */
export function brokerAddress(text: string, username?: string, password?: string): BrokerAddress {
  const url = tryUrl(text);
  if (!url || !PROTOCOLS.includes(url.protocol) || url.hostname === '') {
    const shown = text.replace(/\/\/[^@/]*@/, '//…@');
    throw new ConfigError(`mqtt url: expected mqtt://host:port, mqtts://, ws:// or wss://, found "${shown}"`);
  }
  const user = username ?? (url.username === '' ? undefined : decodeURIComponent(url.username));
  const secret = password ?? (url.password === '' ? undefined : decodeURIComponent(url.password));
  if (secret !== undefined && user === undefined) {
    throw new ConfigError('mqtt username: a password needs one, expected a name, found none');
  }
  url.username = '';
  url.password = '';
  return { url: url.href.replace(/\/$/, ''), username: user, password: secret };
}

function tryUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
