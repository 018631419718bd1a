/** A configuration, with everything that `run` and `learn` would refuse refused at once. */
import { checkPreset } from '../commissioning/learn.js';
import { type Problem, problemsOf } from '../config/errors.js';
import { brokerIsExternal, type Config, type FeedConfig, type LoadOptions, loadConfig } from '../config/load.js';
import { modalityOf } from '../monitoring/open-source.js';
import { checkExposure, checkLogin, loginOf } from '../sinks/http/bind.js';
import { parseOrigin } from '../sinks/http/guard.js';
import { brokerAddress } from '../sources/mqtt/broker-address.js';

/** @throws {ConfigError} naming every wrong key, one a line, with file and line number */
export function readConfig(options: Omit<LoadOptions, 'check'>): Config {
  return loadConfig({ ...options, check });
}

const check = ({ http, mqtt, feeds }: Config): Problem[] => [
  ...(http.enabled ? pageProblems(http) : []),
  ...(mqtt.enabled ? brokerProblems(mqtt) : []),
  ...feeds.flatMap(presetProblems),
];

function pageProblems({ host, allowedOrigins, ...http }: Config['http']): Problem[] {
  const login = loginOf(http);
  return [
    ...problemsOf(['http', http.username === undefined ? 'password' : 'username'], () => checkLogin(login)),
    ...problemsOf(['http', 'host'], () => checkExposure(host, login)),
    ...allowedOrigins.flatMap((origin, i) => problemsOf(['http', 'allowedOrigins', i], () => parseOrigin(origin))),
  ];
}

function brokerProblems(mqtt: Config['mqtt']): Problem[] {
  const url = brokerIsExternal(mqtt) ? (mqtt.url ?? '') : 'mqtt://localhost';
  return problemsOf(['mqtt', 'url'], () => brokerAddress(url, mqtt.username, mqtt.password));
}

function presetProblems(feed: FeedConfig, i: number): Problem[] {
  const { preset } = feed.learn;
  if (preset === undefined) return [];
  const problems = problemsOf(['feeds', i, 'learn', 'preset'], () => checkPreset(preset, modalityOf(feed)));
  return problems.map(({ path, message }) => ({ path, message: `feeds[${i}].learn.${message}` }));
}
