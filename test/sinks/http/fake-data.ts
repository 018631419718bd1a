import type { Command } from '../../../src/contracts.js';
import { type HttpSink, type HttpSinkOptions, openHttpSink } from '../../../src/sinks/http/index.js';
import type { DashboardData } from '../../../src/sinks/http/types.js';

export const EMPTY: DashboardData = {
  events: () => [],
  event: () => null,
  scores: () => [],
  oldestScoreMs: () => null,
  clip: () => null,
};

/** A sink on a free port of the loopback, and the commands that reached it. */
export async function openTestSink(
  options: Partial<HttpSinkOptions> = {},
): Promise<{ sink: HttpSink; commands: Command[]; origin: string }> {
  const commands: Command[] = [];
  const sink = await openHttpSink({
    host: '127.0.0.1',
    port: 0,
    credentials: null,
    site: 'test',
    version: '0.0.0',
    feeds: [
      {
        feed: 'pump',
        machine: 'pump',
        modality: 'audio',
        mel: { sampleRateHz: 16_000, fftSize: 1024, hopSamples: 512, melBands: 64 },
      },
    ],
    data: EMPTY,
    commands: async (command) => {
      commands.push(command);
      return 'done';
    },
    health: () => [{ name: 'store', ok: true, detail: 'writing' }],
    ...options,
  });
  return { sink, commands, origin: `http://127.0.0.1:${sink.port}` };
}
