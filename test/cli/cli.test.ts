import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort, model, newFolder, Service, sound, until } from '../support/service.js';

const folder = newFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const auscult = (...args: string[]) => Service.run(args, { cwd: folder });
const jsonLines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));

/** A rig of three sensors: a cycle and noise, and from row 320 to 360 a blocked pipe: pressure up, flow down. */
function writeRig(path: string): void {
  const rows = Array.from({ length: 400 }, (_, i) => {
    const wobble = Math.sin(i * 1.7) + Math.sin(i * 0.37) + Math.sin(i * 12.9898) * 0.5;
    const blocked = i >= 320 && i < 360;
    const pressure = 2 + 0.1 * wobble + (blocked ? 5 : 0);
    return `${i},${new Date(Date.UTC(2026, 0, 1) + i * 1000).toISOString()},${pressure.toFixed(4)},${(20 + Math.cos(i * 0.9) - (blocked ? 8 : 0)).toFixed(4)},${i % 3 ? 'open' : 'shut'}`;
  });
  writeFileSync(path, [',time,pressure,flow,valve', ...rows].join('\n'));
}

describe('auscult', () => {
  it('shows every command, with examples', async () => {
    const { code, out } = await auscult('--help');
    expect(code).toBe(0);
    for (const command of [
      'run',
      'demo',
      'learn',
      'train',
      'score',
      'evaluate',
      'replay',
      'models',
      'export',
      'devices',
      'doctor',
      'config',
    ]) {
      expect(out).toContain(`  ${command}`);
      const help = await auscult(command, '--help');
      expect(help.code).toBe(0);
      expect(help.out).toContain('$ auscult');
    }
  });

  it('demo keeps its data where the flag says, else the environment', async () => {
    const started = async (...args: string[]) => {
      const given = { AUSCULT_DATA_DIR: join(folder, 'environment'), AUSCULT_HTTP__ENABLED: 'false' };
      const env = { ...given, AUSCULT_MQTT__PORT: String(await freePort()) };
      const demo = Service.start(['demo', ...args], { cwd: folder, env });
      const data = await until('data folder', () => /^ {2}data +(.*)$/m.exec(demo.output.out)?.[1]);
      await demo.stop();
      return data;
    };
    expect(await started('--data', join(folder, 'flag'))).toBe(join(folder, 'flag'));
    expect(await started()).toBe(join(folder, 'environment'));
  });

  it('answers a wrong command, flag or value with a suggestion and exit code 2', async () => {
    expect(await auscult('trane')).toMatchObject({ code: 2, err: expect.stringContaining('Did you mean train?') });
    const flag = await auscult('score', '--modell', 'x', 'a.wav');
    expect(flag).toMatchObject({ code: 2, err: expect.stringContaining('Did you mean --model?') });
    const none = await auscult('score', 'a.wav');
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining("'--model <folder>' not specified") });
    const preset = await auscult('train', '--preset', 'mel', '--data', '.', '--out', 'x');
    expect(preset).toMatchObject({ code: 2, err: expect.stringContaining('mel-frames') });
    const rows = await auscult('replay', '--model', model('pump-00'), '--rows', '9:1', 'a.csv');
    expect(rows).toMatchObject({ code: 2, err: expect.stringContaining('9:1') });
    const ofSound = await auscult('score', '--model', model('pump-00'), '--rows', '1:9', sound('pump-00-normal.wav'));
    expect(ofSound).toMatchObject({ code: 2, err: expect.stringContaining('--rows: expected tables, found') });
  });

  it('checks a configuration: fine, or every mistake and exit code 2', async () => {
    const good = join(folder, 'good.yaml');
    writeFileSync(good, `feeds: [{ name: p, model: ${model('pump-00')}, source: { type: microphone } }]`);
    expect(await auscult('config', 'check', '--config', good)).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 feed'),
    });
    const bad = join(folder, 'bad.yaml');
    writeFileSync(bad, 'http: { port: x }\nmqtt: { ulr: y }\nfeeds: []');
    const { code, err } = await auscult('config', 'check', '--config', bad);
    expect(code).toBe(2);
    expect(err).toMatch(/http\.port/);
    expect(err).toMatch(/mqtt\.ulr.*did you mean "url"/);
    expect(err).toMatch(/feeds/);
    expect(JSON.parse((await auscult('config', 'schema')).out)).toHaveProperty('properties.mqtt');
    expect((await auscult('config', 'print', '--config', good)).out).toContain('clipDays: 90');
  });

  it('checks what run and learn would refuse, each with its line', async () => {
    const file = join(folder, 'refused.yaml');
    writeFileSync(
      file,
      `http:
  host: 0.0.0.0
  allowedOrigins: [https://auscult.plant, "auscult.plant/x"]
mqtt:
  url: "mqtt://"
feeds:
  - { name: a, model: a, source: { type: microphone }, learn: { preset: mel } }
  - name: b
    model: b
    source: { type: microphone }
    learn: { preset: table }
`,
    );
    const { code, err } = await auscult('config', 'check', '--config', 'refused.yaml');
    expect(code).toBe(2);
    expect(err.trim().split('\n')).toEqual([
      expect.stringMatching(/refused\.yaml:2: http\.host: 0\.0\.0\.0 can be reached from other machines/),
      expect.stringMatching(/refused\.yaml:3: http\.allowedOrigins: expected an origin .*, got auscult\.plant\/x$/),
      expect.stringMatching(/refused\.yaml:5: mqtt url: expected mqtt:\/\/host:port, .*, found "mqtt:\/\/"$/),
      expect.stringMatching(/refused\.yaml:7: feeds\[0\]\.learn\.preset: expected one of mel-frames.*, found "mel"$/),
      expect.stringMatching(/refused\.yaml:11: feeds\[1\]\.learn\.preset: table is for table, expected one .* audio$/),
    ]);
    const run = await auscult('run', '--config', 'refused.yaml');
    expect(run).toMatchObject({ code: 2, err });
    writeFileSync(file, readFileSync(file, 'utf8').replace('host: 0.0.0.0', 'username: ann'));
    const half = await auscult('config', 'check', '--config', 'refused.yaml');
    expect(half.err).toMatch(/refused\.yaml:2: http: expected both a user and a password, http\.password/);
  });

  it('scores sound, one JSON object a file, and exits 1 naming a file that cannot be read', async () => {
    const broken = join(folder, 'broken.wav');
    writeFileSync(broken, 'RIFF....not a wave');
    const { code, out, err } = await auscult(
      'score',
      '--model',
      model('pump-00'),
      '--json',
      sound('pump-00-normal.wav'),
      broken,
      sound('pump-00-abnormal.wav'),
    );
    expect(code).toBe(1);
    expect(err).toMatch(/^auscult: .*broken\.wav: .*\n$/); // one line
    const [normal, abnormal, ...others] = jsonLines(out);
    expect(others).toEqual([]);
    expect(Object.keys(normal ?? {})).toEqual(['file', 'energy', 'pValue', 'windows']);
    expect(Number(abnormal?.energy)).toBeGreaterThan(Number(normal?.energy));
  });

  it('trains on what can be read, names what cannot, and exits 1 with the package written', async () => {
    const normals = join(folder, 'normals');
    mkdirSync(normals);
    for (const name of ['a.wav', 'b.wav', 'c.wav']) copyFileSync(sound('pump-00-normal.wav'), join(normals, name));
    for (const name of ['broken.wav', '._a.wav']) writeFileSync(join(normals, name), 'RIFF....not a wave');
    const train = ['train', '--preset', 'knn-frames', '--data', normals, '--out', 'skipping', '--json'];
    const { code, out, err } = await auscult(...train);
    expect([code, JSON.parse(out)]).toMatchObject([1, { training: { files: 3 } }]);
    expect(err).toMatch(/broken\.wav: /);
    expect(err).toContain('1 thing could not be used');
  });

  it('trains on a table by row range and replays the rest into events with start, end and peak', async () => {
    const rig = join(folder, 'rig.csv');
    writeRig(rig);
    const trained = await auscult(
      'train',
      '--preset',
      'table',
      '--data',
      rig,
      '--rows',
      '1:300',
      '--out',
      'models/rig',
    );
    expect(trained).toMatchObject({ code: 0, out: expect.stringMatching(/300 rows|240 rows/) });
    const { code, out } = await auscult('replay', '--model', 'models/rig', '--rows', '301:', rig, '--json');
    expect(code).toBe(0);
    const [event, ...more] = jsonLines(out);
    expect(more).toEqual([]);
    expect(event).toMatchObject({ kind: 'anomaly', open: false, words: expect.stringMatching(/pressure|flow/) });
    const second = (key: string) => (Date.parse(String(event?.[key])) - Date.UTC(2026, 0, 1)) / 1000;
    expect(second('start')).toBeGreaterThanOrEqual(320);
    expect(second('start')).toBeLessThan(330);
    expect(second('end')).toBeGreaterThan(360);
    expect(Number(event?.peak)).toBeGreaterThan(Number(event?.threshold));
  });

  it('trains on pictures and scores them, and a package of another kind is refused', async () => {
    const pictures = join(folder, 'pictures');
    mkdirSync(pictures);
    const sharp = (await import('sharp')).default;
    for (let i = 0; i < 40; i++) {
      const noise = { type: 'gaussian', mean: 120 + (i % 5), sigma: 10 } as const;
      await sharp({ create: { width: 80, height: 80, channels: 3, background: 'grey', noise } })
        .png()
        .toFile(join(pictures, `${i}.png`));
    }
    expect(
      (await auscult('train', '--preset', 'image-flat', '--data', pictures, '--out', 'models/pictures')).code,
    ).toBe(0);
    const odd = join(folder, 'odd.png');
    await sharp({ create: { width: 80, height: 80, channels: 3, background: 'white' } })
      .png()
      .toFile(odd);
    const { out } = await auscult('score', '--model', 'models/pictures', '--json', join(pictures, '1.png'), odd);
    const [normal, strange] = jsonLines(out);
    expect(Number(strange?.energy)).toBeGreaterThan(Number(normal?.energy));
    // A camera takes one a minute; the pictures that it was trained on were written within a second.
    const minutes = Array.from({ length: 6 }, (_, i) => join(folder, 'camera', `${i}.png`));
    mkdirSync(join(folder, 'camera'));
    for (const [i, file] of minutes.entries()) {
      copyFileSync(odd, file);
      utimesSync(file, 60 * i, 60 * i);
    }
    const budget = ['--false-alarms', '1', '--per', 'hour'];
    const replayed = await auscult('replay', '--model', 'models/pictures', ...budget, '--json', join(folder, 'camera'));
    expect(jsonLines(replayed.out)).toMatchObject([{ kind: 'anomaly' }]);
    const list = await auscult('models', '--json');
    expect(jsonLines(list.out).map((m) => m.name)).toEqual(['pictures', 'rig']);
    mkdirSync(join(folder, 'linked'));
    symlinkSync(join(folder, 'models/rig'), join(folder, 'linked/rig'));
    expect(jsonLines((await auscult('models', 'linked', '--json')).out).map((m) => m.name)).toEqual(['rig']);
  });

  it('exports the network as one ONNX file, and refuses a damaged package', async () => {
    expect((await auscult('export', '--model', model('pump-00'), '--out', 'pump.onnx')).code).toBe(0);
    expect(readFileSync(join(folder, 'pump.onnx'))).toEqual(readFileSync(join(model('pump-00'), 'model.onnx')));
    mkdirSync(join(folder, 'damaged'));
    copyFileSync(join(model('pump-00'), 'model.json'), join(folder, 'damaged', 'model.json'));
    writeFileSync(join(folder, 'damaged', 'model.onnx'), 'x');
    const { code, err } = await auscult('score', '--model', 'damaged', sound('pump-00-normal.wav'));
    expect(code).toBe(1);
    expect(err).toMatch(/model\.onnx: expected SHA-256/);
  });

  it('says in doctor what works and what is missing', async () => {
    const { out } = await auscult('doctor', '--json', '--config', join(folder, 'good.yaml'));
    const checks = JSON.parse(out) as { what: string; result: string }[];
    expect(checks.find(({ what }) => what === 'engine on cpu')?.result).toBe('fine');
    expect(checks.find(({ what }) => what === 'model of p')?.result).toBe('fine');
  });

  it('says in doctor what run would refuse, and exits 1; what is waited for is none of it', async () => {
    const broken = join(folder, 'broken-model');
    cpSync(model('pump-00'), broken, { recursive: true });
    writeFileSync(join(broken, 'model.onnx'), 'x');
    const pictures = (watched: string) => ({ type: 'image-folder', folder: join(folder, watched) });
    const wav = { type: 'wav', files: [join(folder, 'absent.wav')] };
    const doctor = async (feeds: object[], http: object = { port: 0 }, device = 'cpu') => {
      const file = join(folder, 'doctor.yaml');
      const rest = { dataDir: 'doctor', mqtt: { enabled: false }, engine: { device } };
      writeFileSync(file, JSON.stringify({ ...rest, http, feeds }));
      const { code, out } = await auscult('doctor', '--json', '--config', file);
      const checks = JSON.parse(out) as { what: string; result: string; detail: string }[];
      return { code, of: (what: string) => checks.find((check) => check.what === what) };
    };
    const well = await doctor([
      { name: 'new', model: 'none', source: { type: 'microphone' } },
      { name: 'camera', model: 'none-either', source: pictures('not/yet') },
    ]);
    expect(well.code).toBe(0);
    expect(well.of('model of new')).toMatchObject({ result: 'missing', detail: expect.stringContaining('learn') });
    expect(well.of('feed camera')).toMatchObject({ result: 'warn', detail: expect.stringContaining('waited for') });

    const ill = await doctor(
      [
        { name: 'broken', model: broken, source: { type: 'microphone' } },
        { name: 'camera', model: model('pump-00'), source: pictures('.') },
        { name: 'player', model: 'doctor.yaml/model', source: wav },
      ],
      { host: '192.0.2.1', username: 'me', password: 'secret' },
      'cuda',
    );
    expect(ill.code).toBe(1);
    const works = ill.of('engine on cuda')?.result === 'fine';
    expect(ill.of('engine.device cuda')?.result).toBe(works ? undefined : 'wrong');
    const wrong = (detail: RegExp) => ({ result: 'wrong', detail: expect.stringMatching(detail) });
    expect(ill.of('model of broken')).toMatchObject(wrong(/model\.onnx: expected SHA-256/));
    expect(ill.of('model of camera')).toMatchObject(wrong(/image-folder source gives image, .* expects audio/));
    expect(ill.of('model of player')).toMatchObject(wrong(/^folder .*doctor\.yaml of the model .*\(ENOTDIR\)$/));
    expect(ill.of('feed player')).toMatchObject(wrong(/^expected .*absent\.wav, found nothing there$/));
    expect(ill.of('page 192.0.2.1:8080')).toMatchObject(wrong(/this machine has no such address/));
  });
});
