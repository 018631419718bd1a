import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { ConfigError, type LearnProgress } from '../../src/contracts.js';
import { FeedModel } from '../../src/monitoring/feed-model.js';
import { FeedMonitor } from '../../src/monitoring/feed-monitor.js';
import { Learner } from '../../src/monitoring/learner.js';
import { openSource, specBeforeModel } from '../../src/monitoring/open-source.js';
import { sound } from '../support/service.js';

const folder = mkdtempSync(join(tmpdir(), 'auscult-learner-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The first of the feeds with these models, its learner, and what is said of its learning. */
async function learning(...models: readonly string[]) {
  const file = join(folder, 'auscult.yaml');
  const source = { type: 'wav', loop: true, files: [sound('pump-00-normal.wav')] };
  writeFileSync(file, JSON.stringify({ feeds: models.map((model, i) => ({ name: `feed-${i}`, model, source })) }));
  const { engine, feeds } = loadConfig({ file, env: {}, baseDir: folder });
  const [feed] = feeds;
  if (!feed) throw new Error('expected a feed');
  const spec = specBeforeModel(feed);
  const budget = { falseAlarms: 1, perMs: 604_800_000 };
  const model = await FeedModel.without(spec, { feed: feed.name, machine: feed.machine, budget }, { open: [] });
  const monitor = new FeedMonitor(
    {
      ...{ feed: feed.name, machine: feed.machine, sinks: [], messages: () => [], onState: () => {}, log: () => {} },
      ...{ open: [], spectrogram: null, clips: null, configDigest: '', clock: null },
      store: {
        recordEvent: () => 'stored',
        event: () => null,
        addVerdict: () => {},
        saveClip: () => Promise.resolve(null),
      },
      source: openSource(feed, spec),
    },
    model,
  );
  const told: LearnProgress[] = [];
  const warned: string[] = [];
  const learner = new Learner({
    ...{ dataDir: join(folder, 'data'), engine, reopen: () => Promise.resolve(model) },
    log: { info: () => {}, warn: (line) => void warned.push(line) },
    onProgress: (progress) => void told.push(progress),
  });
  return { feed, monitor, learner, told, warned };
}

describe('the learner of a service', () => {
  it('changes no model that another feed is judged by', async () => {
    const { feed, monitor, learner, told } = await learning('models/one', 'models/other', './models/one');
    const shared = new ConfigError(
      `feed-0: expected a model of its own, found ${feed.model}, which is feed-2's too; give one of them another`,
    );
    await expect(learner.start(monitor, feed, { minutes: 1 })).rejects.toThrow(shared);
    await expect(learner.rollBack(monitor, feed)).rejects.toThrow(shared);
    await learner.close();
    expect([told, existsSync(join(folder, 'data'))]).toEqual([[], false]);
  });

  it('tells only the sender that there is nothing to roll back to', async () => {
    const { monitor, learner, feed, told, warned } = await learning('models/first');
    await expect(learner.rollBack(monitor, feed)).rejects.toThrow(/^roll back: expected a package at .*, found none$/);
    await learner.close();
    expect([told, warned]).toEqual([[], []]);
  });

  it('says before it records that the package could not be written', async () => {
    const { monitor, learner, feed, told } = await learning('auscult.yaml/models/pump');
    await expect(learner.start(monitor, feed, { minutes: 1 })).rejects.toThrow(
      /^folder .*auscult\.yaml of the model .*pump: expected a file in a folder, the path leads elsewhere \(ENOTDIR\)$/,
    );
    await learner.close();
    expect([told, existsSync(join(folder, 'data'))]).toEqual([[], false]);
  });
});
