import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/contracts.js';
import { type HttpSink, loginOf } from '../../../src/sinks/http/index.js';
import { openTestSink } from './fake-data.js';
import { ask, basic, post, upgrade } from './requests.js';

const LOGIN = { user: 'ann', password: 'correct horse' };
const MUTE = { command: 'mute', machine: 'pump', minutes: 5 };
const open: HttpSink[] = [];

async function start(...args: Parameters<typeof openTestSink>) {
  const started = await openTestSink(...args);
  open.push(started.sink);
  return { ...started, port: started.sink.port };
}

afterEach(async () => {
  for (const sink of open.splice(0)) await sink.close();
});

describe('where it listens', () => {
  it('refuses an address that others can reach without a login', async () => {
    await expect(openTestSink({ host: '0.0.0.0' })).rejects.toThrow(ConfigError);
    await expect(openTestSink({ host: '::' })).rejects.toThrow(/http\.password/);
    await expect(openTestSink({ host: hostname() })).rejects.toThrow(ConfigError);
  });

  it('listens anywhere once a login is set, and then asks for it', async () => {
    const { port } = await start({ host: '0.0.0.0', credentials: LOGIN });
    expect((await ask(port, '/api/machines')).status).toBe(401);
    expect((await ask(port, '/api/machines', { headers: basic('ann', 'correct horse') })).status).toBe(200);
  });

  it.each([
    [{ username: 'ann' }, /both .* http\.password/],
    [{ username: 'ann', password: '' }, /both .* http\.password/],
    [{ password: 'hush' }, /both .* http\.username/],
    [{ username: '', password: '' }, /both .* http\.username/],
    [{ username: 'a:nn', password: 'hush' }, /http\.username: expected no ":"/],
  ])('refuses %j rather than listen without a login', async (given, said) => {
    await expect(openTestSink({ credentials: loginOf(given) })).rejects.toThrow(said);
  });

  it('asks for no login where nothing of one is given', () => {
    expect(loginOf({})).toBeNull();
  });

  it('takes the next free port when its own is taken, and says so', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const taken = (squatter.address() as { port: number }).port;
    const said: string[] = [];
    const { sink } = await start({ port: taken, log: (_level, message) => said.push(message) });
    expect(sink.port).toBeGreaterThan(taken);
    expect(said.join()).toContain(`${taken} is taken, using ${sink.port}`);
    await new Promise((resolve) => squatter.close(resolve));
  });

  it('names an address that is not ours', async () => {
    await expect(openTestSink({ host: '203.0.113.7', credentials: LOGIN })).rejects.toThrow(
      /203\.0\.113\.7.*no such address/,
    );
  });
});

describe('who may talk to it', () => {
  it.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', '192.0.2.1', 'user@localhost'])(
    'refuses the Host %j on the loopback (DNS rebinding)',
    async (host) => {
      const { port } = await start();
      for (const path of ['/', '/api/machines', '/healthz']) {
        expect((await ask(port, path, { headers: { host } })).status).toBe(403);
      }
      expect((await upgrade(port, { host })).status).toBe(403);
    },
  );

  it.each(['localhost', 'LOCALHOST:8080', '127.0.0.1:9', '[::1]:8080'])('accepts the Host %j', async (host) => {
    const { port } = await start();
    expect((await ask(port, '/api/machines', { headers: { host } })).status).toBe(200);
  });

  it('refuses commands and live channels of another origin', async () => {
    const { port, commands } = await start();
    for (const origin of [
      'http://evil.example',
      'null',
      `http://localhost.evil.example:${port}`,
      'http://127.0.0.1:1',
      'x',
    ]) {
      expect((await post(port, '/api/commands', MUTE, { origin })).status).toBe(403);
      expect((await upgrade(port, { origin })).status).toBe(403);
    }
    expect((await post(port, '/api/commands', MUTE, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect(commands).toEqual([]);
  });

  it('accepts commands and live channels of its own origin, of configured ones and of programs', async () => {
    const { port, origin, commands } = await start({ allowedOrigins: ['https://pumps.example.net'] });
    for (const headers of [{ origin }, { origin: 'https://pumps.example.net', host: 'pumps.example.net' }, {}]) {
      expect((await post(port, '/api/commands', MUTE, headers as Record<string, string>)).status).toBe(200);
      const { status, socket } = await upgrade(port, headers as Record<string, string>);
      expect(status).toBe(101);
      socket.destroy();
    }
    expect(commands).toHaveLength(3);
  });

  it('refuses an allowed origin that is none', async () => {
    await expect(openTestSink({ allowedOrigins: ['pumps.example.net'] })).rejects.toThrow(/http\.allowedOrigins/);
  });

  it('takes no command that a foreign form could send', async () => {
    const { port, commands } = await start();
    const headers = { 'content-type': 'text/plain' };
    expect((await post(port, '/api/commands', MUTE, headers)).status).toBe(415);
    expect(commands).toEqual([]);
  });
});

describe('login', () => {
  async function logIn(port: number, origin: string, password = LOGIN.password) {
    return post(port, '/api/login', { user: 'ann', password }, { origin });
  }

  it('keeps everything but the page, the login and a bare health behind it', async () => {
    const { port } = await start({ credentials: LOGIN });
    for (const path of [
      '/api/machines',
      '/api/events',
      '/api/scores?feed=pump&from=0',
      `/api/clips/${'0'.repeat(64)}.wav`,
      '/metrics',
    ]) {
      expect((await ask(port, path)).status, path).toBe(401);
    }
    expect((await post(port, '/api/commands', MUTE)).status).toBe(401);
    expect((await upgrade(port, {})).status).toBe(401);
    const health = await ask(port, '/healthz');
    expect(health.status).toBe(200);
    expect(JSON.parse(String(health.body))).not.toHaveProperty('checks');
    expect(JSON.parse(String((await ask(port, '/api/session')).body))).toEqual({ granted: false, loginRequired: true });
  });

  it('gives a cookie that scripts and other sites cannot use, and that logging out ends', async () => {
    const { port, origin } = await start({ credentials: LOGIN });
    const answer = await logIn(port, origin);
    const setCookie = String(answer.headers['set-cookie']);
    expect(setCookie).toMatch(/^auscult_\d+=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    const cookie = setCookie.split(';')[0] ?? '';
    expect((await ask(port, '/api/machines', { headers: { cookie } })).status).toBe(200);
    const { status, socket } = await upgrade(port, { cookie, origin });
    expect(status).toBe(101);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    await post(port, '/api/logout', {}, { cookie, origin });
    expect((await ask(port, '/api/machines', { headers: { cookie } })).status).toBe(401);
    socket.end();
    await closed;
  });

  it('does not take a cookie without the page that it belongs to', async () => {
    const { port, origin, commands } = await start({ credentials: LOGIN });
    const cookie = String((await logIn(port, origin)).headers['set-cookie']).split(';')[0] ?? '';
    expect((await post(port, '/api/commands', MUTE, { cookie })).status).toBe(403);
    expect((await upgrade(port, { cookie })).status).toBe(403);
    expect((await post(port, '/api/commands', MUTE, { cookie, origin })).status).toBe(200);
    expect(commands).toHaveLength(1);
  });

  it('marks the cookie Secure when the page came by https', async () => {
    const { port } = await start({ credentials: LOGIN, allowedOrigins: ['https://pumps.example.net'] });
    const headers = { origin: 'https://pumps.example.net', host: 'pumps.example.net' };
    const answer = await post(port, '/api/login', LOGIN, headers);
    expect(String(answer.headers['set-cookie'])).toContain('; Secure');
  });

  it('refuses even the right password after five wrong ones, by form and by Basic alike', async () => {
    const { port, origin } = await start({ credentials: LOGIN });
    for (let i = 0; i < 3; i++) expect((await logIn(port, origin, 'wrong')).status).toBe(401);
    expect((await ask(port, '/api/machines', { headers: basic('ann', 'no') })).status).toBe(401);
    expect((await ask(port, '/api/machines', { headers: basic('bob', LOGIN.password) })).status).toBe(429);
    const locked = await logIn(port, origin);
    expect(locked.status).toBe(429);
    expect(Number(locked.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('forgets wrong passwords after their window of time', async () => {
    const { port, origin } = await start({ credentials: LOGIN, limits: { loginAttempts: 1, attemptWindowMs: 50 } });
    expect((await logIn(port, origin, 'wrong')).status).toBe(429);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect((await logIn(port, origin)).status).toBe(200);
  });
});

describe('limits', () => {
  it('refuses a body that is too long, announced or not', async () => {
    const { port, commands } = await start({ limits: { bodyBytes: 100 } });
    expect((await post(port, '/api/commands', 'x'.repeat(101))).status).toBe(413);
    const chunked = await post(port, '/api/commands', 'x'.repeat(5_000), { 'transfer-encoding': 'chunked' });
    expect(chunked.status).toBe(413);
    expect(commands).toEqual([]);
  });

  it('hangs up on a header that never ends', async () => {
    const { port } = await start({ limits: { headersTimeoutMs: 150, requestTimeoutMs: 300 } });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: ');
    const said = await new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (data) => {
        text += String(data);
      });
      socket.on('close', () => resolve(text));
    });
    expect(said).toContain('408');
  });

  it('turns away more pages than it may have', async () => {
    const { port } = await start({ limits: { liveClients: 1 } });
    const first = await upgrade(port, {});
    expect(first.status).toBe(101);
    expect((await upgrade(port, {})).status).toBe(503);
    first.socket.destroy();
  });

  it('keeps no connection that it has refused, though the other side holds on to it', async () => {
    const { port } = await start();
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {}).resume();
    socket.write('GET /nothing HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n');
    await once(socket, 'end');
    // Half a connection would take what is written; one that is gone answers by a reset.
    const writing = setInterval(() => socket.write('x'), 20);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(writing);
  });

  it('sends headers that keep foreign code and frames out', async () => {
    const { port } = await start();
    for (const path of ['/', '/api/machines', '/nothing']) {
      const { headers } = await ask(port, path);
      expect(headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self'; style-src 'self'/);
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
    }
  });

  it.each([
    '/../package.json',
    '/%2e%2e/package.json',
    '/index.html/../../../package.json',
    '//etc/passwd',
    '/api/clips/../../x',
  ])('serves no file outside of the page: %s', async (path) => {
    const { port } = await start();
    expect((await ask(port, path)).status).toBe(404);
  });
});
