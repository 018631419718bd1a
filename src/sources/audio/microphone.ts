import lpcm16 from 'node-record-lpcm16';
import { ConfigError, type Source } from '../../contracts.js';
import { type LiveOptions, supervisedSource } from './supervised-source.js';

export type Recorder = 'arecord' | 'sox';

export interface MicrophoneOptions extends LiveOptions {
  /** ALSA name, or for sox what AUDIODEV takes. Default: the system's default device. */
  readonly device?: string;
  /** Default arecord. */
  readonly recorder?: Recorder;
  /** Rate asked of the device. Default 16,000. */
  readonly rateHz?: number;
  /** Channels asked of the device. Default 1. */
  readonly channels?: number;
  /** Rate of the observations. Default: that of the device. */
  readonly targetRateHz?: number;
  /** Compares the rate with the clock. Default true. */
  readonly checkRate?: boolean;
}

const packages: Readonly<Record<Recorder, string>> = { arecord: 'alsa-utils', sox: 'sox and libsox-fmt-alsa' };

/** sox dithers what it converts: two steps of 16 bits. */
const ditherPeak = 2 / 32_768;

/**
 * A microphone through node-record-lpcm16, as raw 16-bit PCM (its WAV mode stops at 2 GiB), supervised: it never ends
 * by itself. Prefer arecord: sox opens the device at its own rate and channels (48 kHz, 2), and then mixes, resamples
 * and dithers to those asked for. @throws {ConfigError} when the channel is not one of the channels
 */
export function microphoneSource(options: MicrophoneOptions): Source {
  const { device = 'default', recorder = 'arecord', rateHz = 16_000, channels = 1, channel = 0 } = options;
  if (channel < 0 || channel >= channels) {
    throw new ConfigError(
      `feed ${options.feed}: channel: expected 0 to ${channels - 1} (channels is ${channels}), found ${channel}`,
    );
  }
  return supervisedSource({
    ...options,
    name: `microphone ${device}`,
    origin: device,
    start: () => startRecorder(recorder, device, rateHz, channels),
    layout: { encoding: 'int', sampleBytes: 2, channels },
    rateHz,
    targetRateHz: options.targetRateHz ?? rateHz,
    checkRate: options.checkRate ?? true,
    silencePeak: recorder === 'sox' ? ditherPeak : 0,
    finite: false,
    program: recorder,
    missing: `the program ${recorder} was not found: install the package ${packages[recorder]}`,
    explain,
  });
}

/** The last words, and what they ask for where they leave a technician alone. */
function explain(lines: readonly string[]): string {
  const last = lines.at(-1);
  if (last === undefined) return '';
  const busy = lines.some((line) => /resource busy/i.test(line));
  return `"${last}"${busy ? ": another program or feed has the device; feeds share one through ALSA's dsnoop" : ''}`;
}

function startRecorder(recorder: Recorder, device: string, sampleRate: number, channels: number) {
  // sox takes its device from the environment, and has no device of the name "default".
  const named = recorder === 'sox' && device === 'default' ? null : device;
  const recording = lpcm16.record({ recorder, sampleRate, channels, audioType: 'raw', device: named });
  const { process } = recording;
  return { process, stdout: process.stdout, stderr: process.stderr };
}
