/** Values of flags, checked; a bad one is a ConfigError that names the flag. */
import { InvalidArgumentError } from 'commander';
import { SourceError } from '../contracts.js';

/** `0:7` in seconds. */
export function secondsRange(text: string): { from: number; to: number } {
  const match = /^(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)$/.exec(text);
  const range = match && { from: Number(match[1]), to: Number(match[2]) };
  if (!range || range.to <= range.from)
    throw new InvalidArgumentError(`expected FROM:TO in seconds, such as 0:7, found "${text}"`);
  return range;
}

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`expected a whole number ≥ 0, found "${text}"`);
  return Number(text);
}

export function atLeastOne(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError(`expected a whole number ≥ 1, found "${text}"`);
  return Number(text);
}

export function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

/** The values of a flag that may be repeated. */
export function gather(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

/** Aborts on SIGINT or SIGTERM; a second signal ends at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new SourceError('interrupted'));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return controller.signal;
}
