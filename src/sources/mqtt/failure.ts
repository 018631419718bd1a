import type { BrokerAddress } from './broker-address.js';

/** CONNACK codes of MQTT 3.1.1 and 5 that a person can act on. */
const REFUSALS: Readonly<Record<number, string>> = {
  1: 'it does not speak this version of MQTT: set the protocol version to 3.1.1 or 5',
  2: 'it refused the client id',
  3: 'it is not available now',
  132: 'it does not speak this version of MQTT: set the protocol version to 3.1.1 or 5',
  133: 'it refused the client id',
  136: 'it is not available now',
  137: 'it is busy',
  138: 'it has banned this client',
};
const CREDENTIALS = [4, 5, 134, 135];

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up now',
  EHOSTUNREACH: 'no way leads there',
  ENETUNREACH: 'no way leads there',
  ETIMEDOUT: 'it does not answer',
  ECONNRESET: 'it cut the connection (is TLS expected there, or not?)',
  EPROTO: 'it does not speak TLS there',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed: give its authority as ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not one we trust: give it as ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not one we trust: give it as ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not one we trust: give it as ca',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/** One line saying why there is no connection; never the password. */
export function explainFailure({ url, username }: BrokerAddress, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return `MQTT broker ${url}: ${reason(code, username, error)}`;
}

function reason(code: unknown, username: string | undefined, error: unknown): string {
  if (typeof code === 'number' && CREDENTIALS.includes(code)) {
    return username === undefined
      ? 'it wants a user and a password, none are set'
      : `it refused user "${username}" with the given password`;
  }
  const known = typeof code === 'number' ? REFUSALS[code] : NETWORK[String(code)];
  if (known !== undefined) return `${known} (${code})`;
  if (error instanceof Error && error.message === 'connack timeout')
    return 'it does not answer as a broker does (connack timeout)';
  const line = (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim();
  return line === '' ? `no connection (${String(code)})` : line;
}
