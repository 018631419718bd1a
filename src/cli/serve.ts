import { openApp } from '../app.js';
import type { Config } from '../config/load.js';
import { openLog } from './log.js';
import { printLine } from './output.js';
import { systemdNotifier } from './systemd.js';
import { auscultVersion } from './version.js';

/** Runs the service until SIGTERM, SIGINT or SIGHUP (its terminal is closed), then closes it. A second signal ends at once. */
export async function serve(
  config: Config,
  greeting: (at: { page: string | null; broker: string | null }) => string,
): Promise<void> {
  const stopped = firstSignal();
  const log = openLog(config.logLevel);
  const app = await openApp(config, auscultVersion, log);
  const systemd = systemdNotifier();
  try {
    printLine(greeting({ page: app.url, broker: app.broker }));
    systemd.ready(`listening to ${config.feeds.length} feeds`);
    const signal = await stopped;
    log.info(`${signal}: stopping`);
    systemd.stopping();
  } finally {
    systemd.close();
    await app.close();
  }
}

function firstSignal(): Promise<string> {
  return new Promise((resolve) => {
    let count = 0;
    const stop = (signal: string) => {
      if (++count > 1) process.exit(130);
      resolve(signal);
    };
    process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', stop);
  });
}
