/**
 * How numbers and times read on the page. Numbers are written as in the events' words, with a point and ungrouped, whatever the reader's
 * language: "1.234" must not be a thousand to one of them. Times arrive in UTC milliseconds and are shown in the reader's time zone.
 */

const DASH = '–';

/** "1.23e8", for what has too many digits to be read. */
export function formatPower(value: number): string {
  return value.toExponential(2).replace('e+', 'e').replaceAll('-', '−');
}

/** Three significant digits, from a hundred on whole numbers, from a million on powers of ten; a true minus sign. */
export function formatScore(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  const magnitude = Math.abs(value);
  if (magnitude >= 1e6) return formatPower(value);
  const digits = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2;
  return value.toFixed(digits).replace('-', '−');
}

/** "0.43", "0.002", "< 0.001". */
export function formatP(value: number | null | undefined): string {
  if (value === null || value === undefined) return DASH;
  if (value < 0.001) return '< 0.001';
  return value.toFixed(value < 0.1 ? 3 : 2);
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const shortClock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const dayClock = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });

export function formatFull(ms: number): string {
  return full.format(ms);
}

/** Hours and minutes, for axes. */
export function formatMinute(ms: number): string {
  return shortClock.format(ms);
}

/** The time alone for today, with the day otherwise; the date alone of another year. */
export function formatWhen(ms: number, nowMs: number): string {
  const [then, now] = [new Date(ms), new Date(nowMs)];
  if (then.toDateString() === now.toDateString()) return clock.format(ms);
  return (then.getFullYear() === now.getFullYear() ? dayClock : date).format(ms);
}

/** A line of the service with its times in UTC as the reader's. */
export function localTimes(line: string): string {
  return line.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (iso) => formatFull(Date.parse(iso)));
}

/** "4 s", "12 min", "3 h 20 min", "2 d 4 h". */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function timeZoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** "310 Hz", "2.1 kHz". */
export function formatHz(hz: number): string {
  return hz < 1000 ? `${Math.round(hz)} Hz` : `${Number((hz / 1000).toFixed(1))} kHz`;
}
