import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { openEmbeddedBroker } from '../../src/sinks/mqtt/index.js';
import { encodeWav, Resampler, readWav } from '../../src/sources/audio/index.js';
import { listen, model, newFolder, Service, sound } from '../support/service.js';

const folder = newFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const replay = (...args: string[]) => Service.run(['replay', ...args], { cwd: folder });
const pump = ['--model', model('pump-00'), '--false-alarms', '10'];
const composed = ['--compose', '--normal', sound('pump-00-normal.wav'), '--faults', sound('pump-00-abnormal.wav')];
const jsonOf = (out: string) => JSON.parse(out) as Record<string, unknown> & { budgets: Record<string, number>[] };

/** The broken pump at another rate, in the second of two channels. */
async function stereo(path: string, rateHz: number): Promise<void> {
  const { samples } = await readWav(sound('pump-00-abnormal.wav'));
  const resampler = await Resampler.open(16_000, rateHz);
  const mono = encodeWav(resampler.push(samples), rateHz);
  resampler.close();
  const wav = Buffer.alloc(44 + 2 * (mono.length - 44));
  mono.copy(wav, 0, 0, 44);
  wav.writeUInt16LE(2, 22);
  wav.writeUInt32LE(rateHz * 4, 28);
  wav.writeUInt16LE(4, 32);
  wav.writeUInt32LE(wav.length - 44, 40);
  for (let i = 44; i < mono.length; i += 2) mono.copy(wav, 44 + 2 * (i - 44) + 2, i, i + 2);
  writeFileSync(path, wav);
}

describe('auscult replay --compose', () => {
  it('judges a stream for several budgets, and what it wrote gives the same events when it is replayed', async () => {
    const wav = join(folder, 'stream.wav');
    const args = ['--model', model('pump-00'), ...composed, '--hours', '0.2', '--every', '60', '--out', wav, '--json'];
    const both = await replay(...args, '--false-alarms', '10,1');
    expect(both.code).toBe(0);
    const [ten, one] = jsonOf(both.out).budgets;
    expect(ten).toMatchObject({ budget: { falseAlarms: 10, perMs: 604_800_000 }, falseAlarms: 0, missed: 0 });
    expect(ten?.raised).toBeGreaterThan(8);
    expect(ten?.delayMedianMs).toBeLessThan(5_000);
    expect(one?.raised).toBeLessThanOrEqual(ten?.raised ?? 0);
    const alone = await replay(...args, '--false-alarms', '1');
    expect(jsonOf(alone.out).budgets).toEqual([one]);
    const events = (await replay(...pump, wav, '--json')).out.trim().split('\n');
    expect(events.length).toBe(ten?.raised);
    const labels = readFileSync(join(folder, 'stream.labels.csv'), 'utf8').trim().split('\n');
    expect(labels[0]).toBe('start_s,end_s,label,file');
    expect(labels.filter((line) => line.includes(',fault,')).length).toBeGreaterThanOrEqual(ten?.faults ?? 0);
  });

  it('writes a stream without a model, and says which files it left out, with exit code 1', async () => {
    const normals = join(folder, 'normals');
    mkdirSync(normals);
    writeFileSync(join(normals, 'good.wav'), readFileSync(sound('pump-00-normal.wav')));
    writeFileSync(join(normals, 'broken.wav'), 'RIFF....not a wave');
    const { code, err } = await replay('--compose', '--normal', normals, '--hours', '0.01', '--out', 'site.wav');
    expect(code).toBe(1);
    expect(err).toContain('broken.wav');
    expect(err).toContain('1 thing could not be used');
    expect((await readWav(join(folder, 'site.wav'))).samples.length).toBe(36 * 16_000);
  });

  it('says when the same sound is given as normal and as fault', async () => {
    const same = ['--compose', '--normal', sound('pump-00-normal.wav'), '--faults', sound('pump-00-normal.wav')];
    const { err } = await replay(...same, '--hours', '0.01', '--out', 'same.wav');
    expect(err).toContain('the same sound is among the normals');
  });

  it('names the file that it cannot write, the sound or its labels', async () => {
    mkdirSync(join(folder, 'taken.labels.csv'));
    const short = [...composed.slice(0, 3), '--hours', '0.01', '--out'];
    expect(await replay(...short, 'nowhere/o.wav')).toMatchObject({
      code: 1,
      err: 'auscult: --out: nowhere/o.wav cannot be written: ENOENT: no such file or directory\n',
    });
    expect(await replay(...short, 'taken.wav')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^auscult: --out: taken\.labels\.csv cannot be written: EISDIR: .*\n$/),
    });
  });

  it('refuses what makes no sense with exit code 2', async () => {
    const wrong: [string[], string][] = [
      [['--compose'], '--model to judge'],
      [[...pump, '--compose'], '--normal'],
      [[...pump, '--normal', '.', 'a.wav'], '--normal: expected --compose'],
      [[...pump, ...composed, '--every', '15'], '--every'],
      [['--model', model('pump-00'), '--false-alarms', '1,2', 'a.wav'], '--false-alarms'],
      [[...pump], 'files: expected recordings'],
      [[...pump, '--snr', 'loud', 'a.wav'], 'expected a number'],
    ];
    const answers = await Promise.all(wrong.map(([args]) => replay(...args)));
    for (const [i, [, said]] of wrong.entries()) {
      expect(answers[i]).toMatchObject({ code: 2, err: expect.stringContaining(said) });
    }
  });
});

describe('auscult replay of files', () => {
  it('takes mixed rates and a channel of several; names what it skips, counts it, and exits 1', async () => {
    await stereo(join(folder, 'stereo.wav'), 44_100);
    writeFileSync(join(folder, 'bad.wav'), 'RIFF....not a wave');
    const files = ['bad.wav', sound('pump-00-normal.wav'), 'stereo.wav'];
    const { code, out, err } = await replay(...pump, '--channel', '1', '--json', ...files);
    expect(code).toBe(1);
    expect(err).toContain('bad.wav');
    expect(err).toMatch(/pump-00-normal\.wav.*channel/);
    expect(err).toContain('2 things could not be used');
    const events = out
      .trim()
      .split('\n')
      .map((line): { kind: string; start: string } => JSON.parse(line));
    expect(events).toMatchObject([{ kind: 'anomaly', start: expect.stringMatching(/^1970-01-01T00:00:0/) }]);
  });

  it('stores and tells what happens, as the service does', async () => {
    const broker = await openEmbeddedBroker({ port: 0 });
    const { messages, client } = await listen(broker.url);
    try {
      const outlet = [
        '--store',
        join(folder, 'site.sqlite'),
        '--mqtt',
        broker.url,
        '--site',
        'hall',
        '--machine',
        'p1',
      ];
      const files = [sound('pump-00-normal.wav'), sound('pump-00-abnormal.wav')];
      const { code, err } = await replay(...pump, ...outlet, ...files);
      expect(code).toBe(0);
      expect(err).toMatch(/\d+ messages? delivered/);
      const events = messages.filter(({ topic }) => topic === 'auscult/hall/p1/event');
      expect(events.length).toBeGreaterThan(0);
      expect(events[0]?.payload).toMatchObject({ machine: 'p1' });
    } finally {
      await client.endAsync();
      await broker.close();
    }
    const db = new Database(join(folder, 'site.sqlite'), { readonly: true });
    expect(db.prepare('SELECT count(*) AS n FROM events').get()).toEqual({ n: 1 });
    db.close();
  });
});
