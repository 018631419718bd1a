import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SourceError } from '../../contracts.js';

/** A sound device that can be recorded from. */
export interface AudioDevice {
  /** What goes into `device:` of the configuration. Names cards by their id, not their number, so it survives a reboot. */
  readonly name: string;
  readonly description: string;
  /** True when it is a sound card's own name (hw:, plughw:, sysdefault:), false for virtual devices (null, default, pulse). */
  readonly hardware: boolean;
}

const run = promisify(execFile);

/**
 * Devices that `arecord -L` lists, those of sound cards first; `plughw:` before the rest, because it converts rates.
 * @throws {SourceError} when arecord is missing or fails
 */
export async function listDevices(): Promise<AudioDevice[]> {
  try {
    const env = { ...process.env, LC_ALL: 'C' };
    const { stdout } = await run('arecord', ['-L'], { env, timeout: 10_000, maxBuffer: 4 << 20 });
    return parseDevices(stdout);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      const message = 'the program arecord was not found: install the package alsa-utils';
      throw new SourceError(message, { cause: error });
    }
    throw new SourceError(`arecord -L: ${error instanceof Error ? error.message.trim() : error}`, { cause: error });
  }
}

/** Reads `arecord -L`: a name at the start of a line, its description on the indented lines below. */
export function parseDevices(listing: string): AudioDevice[] {
  const devices: { name: string; lines: string[] }[] = [];
  for (const line of listing.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    if (/^\s/.test(line)) devices.at(-1)?.lines.push(line.trim());
    else devices.push({ name: line.trim(), lines: [] });
  }
  const found = devices.map(({ name, lines }) => {
    return { name, description: lines.join(', '), hardware: /^(hw|plughw|sysdefault|front|dsnoop):/.test(name) };
  });
  return found.sort((a, b) => rank(a) - rank(b));
}

const rank = (device: AudioDevice) => (device.name.startsWith('plughw:') ? 0 : device.hardware ? 1 : 2);
