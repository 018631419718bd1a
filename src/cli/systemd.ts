/**
 * Readiness and watchdog for systemd, by its own `systemd-notify` (Node has no datagram Unix sockets). Outside systemd
 * (no NOTIFY_SOCKET) nothing happens.
 */
import { execFile } from 'node:child_process';

export interface SystemdNotifier {
  ready(status: string): void;
  stopping(): void;
  close(): void;
}

/** While the event loop turns, signs of life go out: a service that hangs is restarted by systemd. */
export function systemdNotifier(): SystemdNotifier {
  const { env } = process;
  if (!env.NOTIFY_SOCKET) return { ready: () => {}, stopping: () => {}, close: () => {} };
  const periodMs = Number(env.WATCHDOG_USEC ?? 0) / 1000 / 3;
  const timer = periodMs > 0 ? setInterval(() => notify('WATCHDOG=1'), periodMs) : null;
  return {
    ready: (status) => notify('READY=1', `STATUS=${status}`),
    stopping: () => notify('STOPPING=1'),
    close: () => {
      if (timer) clearInterval(timer);
    },
  };
}

/** Fire and forget: without systemd-notify the unit's start times out and says so. */
function notify(...lines: string[]): void {
  execFile('systemd-notify', [`--pid=${process.pid}`, ...lines], () => {});
}
