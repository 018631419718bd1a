import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { configJsonSchema, loadConfig } from '../../src/config/load.js';
import { withoutSecrets } from '../../src/config/secrets.js';

const folder = mkdtempSync(join(tmpdir(), 'auscult-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const feed = 'feeds:\n  - name: pump\n    model: m\n    source: { type: microphone }\n';
function load(yaml: string, env: Record<string, string> = {}) {
  const file = join(folder, 'c.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ file, env, baseDir: '/base' });
}
function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('expected an error');
}

describe('loadConfig', () => {
  it('fills defaults, names the machine after the feed and resolves paths', () => {
    const config = load(feed);
    expect(config.feeds[0]).toMatchObject({
      machine: 'pump',
      model: '/base/m',
      alerts: { falseAlarms: 1, per: 'week' },
    });
    expect(config.dataDir).toBe('/base/data');
  });

  it('lets a feed override single alert settings', () => {
    const config = load(`alerts: { latch: true }\n${feed}    alerts: { per: month }\n`);
    expect(config.feeds[0]?.alerts).toMatchObject({ latch: true, per: 'month', falseAlarms: 1 });
  });

  it('reports every mistake at once, each with its line, key, expectation and suggestion', () => {
    const message = messageOf(() => load(`sitee: x\nmqtt:\n  port: high\n  urll: mqtt://x\n${feed}`));
    expect(message).toMatch(/c\.yaml:1: sitee: unknown key \(did you mean "site"\?\)/);
    expect(message).toMatch(/c\.yaml:3: mqtt\.port: expected number, found "high"/);
    expect(message).toMatch(/c\.yaml:4: mqtt\.urll: unknown key \(did you mean "url"\?\)/);
  });

  it('refuses a missing file, broken YAML and an empty feed list by name', () => {
    expect(messageOf(() => loadConfig({ file: '/nowhere.yaml', env: {} }))).toMatch(/nowhere\.yaml.*ENOENT/);
    expect(messageOf(() => load('a: [1'))).toMatch(/not valid YAML/);
    expect(messageOf(() => load('feeds: *pumps'))).toMatch(/c\.yaml: not valid YAML: Unresolved alias .*pumps$/);
    expect(messageOf(() => load('feeds: []'))).toMatch(/feeds: expected at least 1/);
  });

  it('refuses names that are no folder, or no topic', () => {
    for (const name of ['..', '"a\\nb"', '"a\\0b"', 'x'.repeat(61)])
      expect(messageOf(() => load(feed.replace('name: pump', `name: ${name}`)))).toMatch(
        /c\.yaml:2: feeds\[0\]\.name: /,
      );
    expect(load(feed.replace('name: pump', 'name: ..Pümpe 水泵 1.')).feeds[0]?.name).toBe('..Pümpe 水泵 1.');
  });

  it('says of a key that belongs to another type of source that it does', () => {
    expect(messageOf(() => load(feed.replace('microphone', 'microphone, folder: x')))).toMatch(
      /c\.yaml:4: feeds\[0\]\.source\.folder: unknown key of type "microphone"$/,
    );
  });

  it('checks keys that only make sense together', () => {
    expect(messageOf(() => load(feed + feed.replace('feeds:\n', '')))).toMatch(
      /feeds\[1\]\.name: expected a unique name/,
    );
    expect(messageOf(() => load(`mqtt: { broker: external }\n${feed}`))).toMatch(/mqtt\.url: expected an address/);
    const channel = feed.replace('type: microphone', 'type: microphone, channels: 2, channel: 2');
    expect(messageOf(() => load(channel))).toMatch(
      /feeds\[0\]\.source\.channel: expected less than channels \(2\), found 2/,
    );
  });
});

describe('addresses and topics', () => {
  it.each([
    ['mqtt: { url: "tls://broker:8883" }\n', '', 'mqtt.url: must start with mqtt://, mqtts://, ws:// or wss://'],
    ['', '    operating: { from: topic, topic: plc/+/run }\n', 'operating.topic: must be one MQTT topic: no "+"'],
  ])('that cannot be used are refused: %s%s', (before, after, message) => {
    expect(messageOf(() => load(`${before}${feed}${after}`))).toContain(message);
  });
});

describe('messages', () => {
  it('list what is known, say what more than means, and show numbers that JSON has not', () => {
    const source = (text: string) => feed.replace('type: microphone', text);
    expect(messageOf(() => load(source('type: mic')))).toMatch(
      /c\.yaml:4: feeds\[0\]\.source\.type: expected microphone \| wav \| .*topic, found "mic"/,
    );
    expect(messageOf(() => load(source('type: microphone, staleSeconds: 0')))).toMatch(/expected more than 0, found 0/);
    expect(messageOf(() => load(`mqtt: { protocolVersion: 3 }\n${feed}`))).toMatch(/expected 4 \| 5, found 3/);
    expect(messageOf(() => load(`alerts: { falseAlarms: .inf }\n${feed}`))).toMatch(/expected number, found Infinity/);
  });

  it('name file and line, or the variable, of keys that do not go together and of files that cannot be read', () => {
    const message = messageOf(() =>
      load(
        `mqtt:\n  url: mqtt://broker\n  tls:\n    ca: none.pem\n  passwordFile: none\n${feed}    operating: { from: topic }`,
        { AUSCULT_HTTP__PASSWORD_FILE: 'neither' },
      ),
    );
    expect(message.split('\n').map((line) => line.replace(/^.*(c\.yaml)/, '$1'))).toEqual([
      'c.yaml:10: feeds[0].operating.topic: expected a topic because operating.from is "topic", found nothing',
      'c.yaml:5: mqtt.passwordFile: expected a readable file, found ENOENT at /base/none',
      'AUSCULT_HTTP__PASSWORD_FILE: http.passwordFile: expected a readable file, found ENOENT at /base/neither',
      'c.yaml:4: mqtt.tls.ca: expected a readable file, found ENOENT at /base/none.pem',
    ]);
  });

  it('refuse a machine that is known by a topic where there is no MQTT', () => {
    const told = `mqtt: { enabled: false }\n${feed}    operating: { from: topic, topic: plant/pump }`;
    expect(messageOf(() => load(told))).toMatch(/c\.yaml:6: feeds\[0\]\.operating\.from: expected mqtt\.enabled/);
  });
});

describe('secrets in addresses', () => {
  it('are refused in mqtt.url, and not repeated', () => {
    for (const url of ['mqtt://me:hush@broker', 'http://me:hush@broker', 'mqtt://me@broker']) {
      const message = messageOf(() => load(`mqtt: { url: "${url}" }\n${feed}`));
      expect(message).toMatch(
        /c\.yaml:1: mqtt\.url: (expected no user or password.*mqtt\.passwordFile|must start with)/,
      );
      expect(message).not.toContain('hush');
    }
  });

  it('are neither printed nor digested', () => {
    const of = (password: string) =>
      load(feed.replace('type: microphone', `type: ffmpeg, url: "rtsp://me:${password}@camera/1"`));
    expect(withoutSecrets(of('hush')).feeds[0]?.source).toMatchObject({ url: 'rtsp://me:***@camera/1' });
    expect(of('hush').feeds[0]?.source).toMatchObject({ url: 'rtsp://me:hush@camera/1' });
    expect(of('hush').digest).toBe(of('other').digest);
  });
});

describe('environment overrides', () => {
  it('names entries of lists by number', () => {
    expect(messageOf(() => load(feed, { AUSCULT_FEEDS__PUMP__MACHINE: 'p' }))).toBe(
      'AUSCULT_FEEDS__PUMP__MACHINE: expected the number of an entry after feeds, found "pump"',
    );
  });

  it('sets nested keys, list items and camel-case names', () => {
    const config = load(feed, {
      AUSCULT_MQTT__URL: 'mqtt://b:1',
      AUSCULT_FEEDS__0__SOURCE__DEVICE: 'hw:1',
      AUSCULT_DATA_DIR: '/elsewhere',
      AUSCULT_ALERTS__FALSE_ALARMS: '2',
    });
    expect(config.mqtt.url).toBe('mqtt://b:1');
    expect(config.feeds[0]?.source).toMatchObject({ device: 'hw:1' });
    expect(config.dataDir).toBe('/elsewhere');
    expect(config.alerts.falseAlarms).toBe(2);
  });

  it('keeps a password of digits a text, and never prints or digests it', () => {
    const config = load(feed, { AUSCULT_MQTT__PASSWORD: '12345' });
    expect(config.mqtt.password).toBe('12345');
    expect(JSON.stringify(withoutSecrets(config))).not.toContain('12345');
    expect(config.digest).toBe(load(feed, { AUSCULT_MQTT__PASSWORD: '999' }).digest);
    expect(config.digest).not.toBe(load(feed, { AUSCULT_SITE: 'other' }).digest);
  });

  it('names the variable in an error, and does not show a wrong secret', () => {
    expect(messageOf(() => load(feed, { AUSCULT_HTTP__PORT: 'x' }))).toMatch(
      /AUSCULT_HTTP__PORT: http\.port: expected number/,
    );
    const secret = messageOf(() => load(`mqtt: { password: [hush] }\n${feed}`));
    expect(secret).toMatch(/mqtt\.password: expected string, found a value that is not shown/);
  });

  it('names the variable, not the file, for a key that only a variable has or begins', () => {
    const env = { AUSCULT_MQT__URL: 'mqtt://b', AUSCULT_FEEDS__1__NAME: 'other' };
    expect(messageOf(() => load(feed, env)).split('\n')).toEqual([
      'AUSCULT_FEEDS__1__NAME: feeds[1].model: expected string, found nothing',
      'AUSCULT_FEEDS__1__NAME: feeds[1].source: expected object, found nothing',
      'AUSCULT_MQT__URL: mqt: unknown key (did you mean "mqtt"?)',
    ]);
  });

  it('reads a secret from a file without its last newline', () => {
    const file = join(folder, 'secret');
    writeFileSync(file, 'hush\n');
    expect(load(`mqtt: { passwordFile: ${file} }\n${feed}`).mqtt.password).toBe('hush');
    expect(messageOf(() => load(`http: { passwordFile: /nowhere }\n${feed}`))).toMatch(/http\.passwordFile.*ENOENT/);
  });
});

describe('the files that ship', () => {
  it('are valid, and auscult.yaml shows the defaults', () => {
    const shipped = loadConfig({ file: 'config/auscult.yaml', env: {} });
    expect(shipped.feeds[0]?.source.type).toBe('microphone');
    const bare = load(feed.replace('model: m', 'model: models/pump-00'));
    const { feeds: a, digest: _a, dataDir: _d, ...rest } = shipped;
    const { feeds: b, digest: _b, dataDir: _e, ...defaults } = bare;
    expect(rest).toEqual(defaults);
    expect(a[0]?.source).toEqual(b[0]?.source);
    expect(loadConfig({ file: 'config/demo.yaml', env: {} }).feeds).toHaveLength(2);
  });

  it('let the service write what it learns: relative models start where it may write', () => {
    const unit = readFileSync('config/auscult.service', 'utf8');
    const [, start] = /^WorkingDirectory=(.+)$/m.exec(unit) ?? [];
    expect(unit).toContain('ProtectSystem=strict');
    expect(unit).toContain(`\nReadWritePaths=${start}\n`);
  });

  it('let the service take its time at the start, when it reads its whole database', () => {
    expect(readFileSync('config/auscult.service', 'utf8')).toContain('\nTimeoutStartSec=15min\n');
  });

  it('include the JSON Schema as the code generates it', () => {
    const stored: unknown = JSON.parse(readFileSync('config/auscult.schema.json', 'utf8'));
    expect(stored).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });
});
