import pino from 'pino';
import type { Log } from '../app.js';

/** Logs on stderr: JSON lines, or plain lines on a terminal. */
export function openLog(level: string): Log {
  if (process.stderr.isTTY) return plain(level);
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
  return { info: (line) => logger.info(line), warn: (line) => logger.warn(line), error: (line) => logger.error(line) };
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

function plain(level: string): Log {
  const from = levels.indexOf(level);
  const write = (name: 'info' | 'warn' | 'error') => (line: string) => {
    if (levels.indexOf(name) >= from)
      process.stderr.write(`${new Date().toLocaleTimeString()} ${name.padEnd(5)} ${line}\n`);
  };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}
