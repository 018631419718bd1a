/**
 * One real-time stream through the real service, for a while: how much of one core it takes, and whether its memory
 * stays flat. `auscult run` is a process of its own here, with an embedded broker, a page that watches the spectrogram
 * and an MQTT subscriber.
 *
 *   npm run soak [-- --minutes 10] [--cpu 3] [--rss 220] [--slope 30] [--no-page] [--json]
 *
 * A slope over so few minutes is coarse: one megabyte in five minutes is 12 an hour. Run it for hours to see a slow leak.
 * SOAK_NODE_FLAGS="--trace-gc" with SOAK_LOG=1 shows the live heap, too.
 *
 * Exit code 1 when CPU (% of one core), RSS (MB) at the end or its slope over the second half (MB an hour) is above its
 * limit. Reads /proc, so Linux only.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect } from 'mqtt';
import { WebSocket } from 'ws';

const root = new URL('../../', import.meta.url);

const ticksPerSecond = 100;
const everyMs = 10_000;
const feed = 'pump-00';

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    cpu: { type: 'string', default: '3' },
    rss: { type: 'string', default: '220' },
    slope: { type: 'string', default: '30' },
    'no-page': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'auscult-soak-'));
const service = start(folder);
try {
  const { page, broker } = await addresses(service);
  const heard = watch(flags['no-page'] ? null : page, broker);
  const samples = await observe(service.pid, Number(flags.minutes) * 60_000, heard);
  heard.close();
  report(samples, heard);
} finally {
  service.kill('SIGTERM');
  await new Promise((resolve) => service.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true });
}

function start(folder) {
  const sound = fileURLToPath(new URL('models/demo-sound/pump-00-normal.wav', root));
  const model = fileURLToPath(new URL('models/pump-00', root));
  const config = join(folder, 'soak.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      site: 'soak',
      dataDir: join(folder, 'data'),
      mqtt: { port: 0 },
      http: { port: 0 },
      feeds: [{ name: feed, model, source: { type: 'wav', loop: true, files: [sound] } }],
    }),
  );
  const main = fileURLToPath(new URL('dist/cli/main.js', root));
  const nodeFlags = (process.env.SOAK_NODE_FLAGS ?? '').split(' ').filter(Boolean);
  return spawn(process.execPath, [...nodeFlags, main, 'run', '--config', config], {
    stdio: ['ignore', 'pipe', process.env.SOAK_LOG ? 'inherit' : 'ignore'],
  });
}

/** The line that `run` prints once it listens. */
async function addresses(child) {
  let text = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    text += chunk;
    const page = /page (http\S+?),?\s/.exec(text);
    const broker = /broker (mqtt\S+)/.exec(text);
    if (page && broker) {
      if (process.env.SOAK_LOG) child.stdout.pipe(process.stderr);
      else child.stdout.resume();
      return { page: page[1], broker: broker[1] };
    }
  }
  throw new Error(`auscult run: expected "page …, broker …" on stdout, found "${text}"`);
}

function watch(page, broker) {
  const heard = { verdicts: 0, pictures: 0, scores: 0, close: () => {} };
  const client = connect(broker);
  client.subscribe('auscult/#');
  client.on('message', (topic) => {
    if (topic.endsWith('/score')) heard.scores++;
  });
  const socket = page ? new WebSocket(new URL('/api/live', page.replace('http', 'ws'))) : null;
  socket?.on('open', () => socket.send(JSON.stringify({ type: 'watch', feed })));
  socket?.on('message', (data, binary) => {
    if (binary) heard.pictures++;
    else if (JSON.parse(String(data)).type === 'verdicts') heard.verdicts++;
  });
  heard.close = () => {
    socket?.terminate();
    client.end(true);
  };
  return heard;
}

async function observe(pid, forMs, heard) {
  const started = performance.now();
  const samples = [];
  for (let n = 0; performance.now() - started < forMs + everyMs / 2; n++) {
    await sleep(started + n * everyMs - performance.now());
    const sample = { seconds: (performance.now() - started) / 1000, ...usage(pid) };
    samples.push(sample);
    if (n % 6 === 0 && !flags.json) line(samples, heard);
  }
  return samples;
}

/** CPU seconds so far, and resident memory in MB: all of it, and what is not a file. */
function usage(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (key) => (Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024) / 1e6;
  const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  return { cpuSeconds, rss: megabytes('VmRSS'), anonymous: megabytes('RssAnon') };
}

function line(samples, { verdicts, pictures, scores }) {
  const { seconds, rss, anonymous } = samples.at(-1);
  const cpu = samples.length > 1 ? `${cpuShare(samples.slice(-7)).toFixed(2)} %` : '-';
  const seen = `${verdicts} verdicts, ${pictures} pictures, ${scores} MQTT scores`;
  console.log(
    `${(seconds / 60).toFixed(1).padStart(6)} min  CPU ${cpu.padStart(7)}  RSS ${rss.toFixed(1)} MB (${anonymous.toFixed(1)} anonymous)  ${seen}`,
  );
}

/** % of one core. */
function cpuShare(samples) {
  const [first, last] = [samples[0], samples.at(-1)];
  return (100 * (last.cpuSeconds - first.cpuSeconds)) / (last.seconds - first.seconds);
}

/** Least squares over the second half, MB an hour. */
function slope(samples) {
  const half = samples.slice(samples.length >> 1);
  const mean = (f) => half.reduce((sum, s) => sum + f(s), 0) / half.length;
  const [t, y] = [mean((s) => s.seconds), mean((s) => s.rss)];
  const covariance = mean((s) => (s.seconds - t) * (s.rss - y));
  return (3600 * covariance) / mean((s) => (s.seconds - t) ** 2);
}

function report(samples, { verdicts, pictures, scores }) {
  // The first 10 s are the start: loading, compiling, the probe of the model.
  const result = {
    minutes: samples.at(-1).seconds / 60,
    cpuShare: cpuShare(samples.slice(1)),
    startCpuSeconds: samples[1].cpuSeconds,
    rss: samples.at(-1).rss,
    highestRss: Math.max(...samples.map((s) => s.rss)),
    anonymous: samples.at(-1).anonymous,
    slopePerHour: slope(samples),
    verdicts,
    pictures,
    scores,
  };
  const limits = [
    ['CPU', result.cpuShare, Number(flags.cpu), '% of one core'],
    ['RSS', result.rss, Number(flags.rss), 'MB'],
    ['slope', result.slopePerHour, Number(flags.slope), 'MB an hour'],
  ];
  if (flags.json) console.log(JSON.stringify(result));
  else
    for (const [name, value, limit, unit] of limits)
      console.log(`${name.padEnd(6)} ${value.toFixed(2)} ${unit}, at most ${limit}`);
  if (limits.some(([, value, limit]) => value > limit)) process.exitCode = 1;
}
