import { spawn } from 'node:child_process';
import { hideSecrets } from '../../config/secrets.js';
import type { Source } from '../../contracts.js';
import { type LiveOptions, supervisedSource } from './supervised-source.js';

export interface FfmpegOptions extends LiveOptions {
  /** Any address or file that ffmpeg reads. A file ends; an address (rtsp://, http://…) is supervised and never ends. */
  readonly url: string;
  /** Rate of the observations; ffmpeg resamples. Default 16,000. */
  readonly targetRateHz?: number;
}

/**
 * One channel of the first audio stream of anything that ffmpeg reads, as float PCM at the target rate. A password in
 * the address is shown neither in messages nor in the observations' origin.
 */
export function ffmpegSource(options: FfmpegOptions): Source {
  const { url, targetRateHz = 16_000, channel = 0 } = options;
  const shown = hideSecrets(url);
  const live = isAddress(url);
  const transport = /^rtsps?:/i.test(url) ? ['-rtsp_transport', 'tcp'] : [];
  const args = [
    ...['-nostdin', '-hide_banner', '-loglevel', 'error', ...transport, '-i', url],
    // channelmap takes the channel as it is and fails if there is none; pan would deliver silence, -ac would mix.
    ...['-map', '0:a:0', '-af', `channelmap=map=${channel}:channel_layout=mono`],
    ...['-ar', String(targetRateHz), '-f', 'f32le', 'pipe:1'],
  ];
  return supervisedSource({
    ...options,
    staleSeconds: options.staleSeconds ?? 10,
    channel: 0,
    name: `stream ${shown}`,
    origin: shown,
    start: () => {
      const process = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'pipe'] });
      return { process, stdout: process.stdout, stderr: process.stderr };
    },
    layout: { encoding: 'float', sampleBytes: 4, channels: 1 },
    rateHz: targetRateHz,
    targetRateHz,
    // ffmpeg resamples what it believes, and catches up in bursts: the count says nothing about the sensor's rate.
    checkRate: false,
    finite: !live,
    program: 'ffmpeg',
    missing: 'the program ffmpeg was not found: install the package ffmpeg',
    explain: (lines) => explain(lines, url, channel),
  });
}

/** True for "rtsp://…"; false for a path, "file:…" and a drive letter. */
function isAddress(url: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(url) && !/^file:/i.test(url);
}

const echoes =
  /^Error while|^Error reinit|^Failed to inject|^Conversion failed|Failed to configure input pad|^Output file/;

/** The line that says what went wrong, without ffmpeg's echoes of it and without secrets. */
function explain(lines: readonly string[], url: string, channel: number): string {
  if (lines.some((line) => /input channel .* not available/.test(line))) return `the sound has no channel ${channel}`;
  if (lines.some((line) => /matches no streams/.test(line))) return 'it has no sound';
  const line = lines.filter((text) => !echoes.test(text)).at(-1) ?? lines.at(-1);
  return line === undefined ? 'it delivered no sound' : `"${hideSecrets(line, url)}"`;
}
