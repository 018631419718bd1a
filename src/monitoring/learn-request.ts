/** A feed's configuration and what was asked for → what learning needs. */
import { checkLearning, type LearnOptions } from '../commissioning/learn.js';
import { DEFAULT_PRESETS } from '../commissioning/presets/index.js';
import type { FeedConfig } from '../config/load.js';
import { settingsOf } from './feed-settings.js';
import { isLive, modalityOf, pictureSize, specBeforeModel } from './open-source.js';

export type LearnRequest = Omit<
  LearnOptions,
  'dataDir' | 'engine' | 'signal' | 'listen' | 'stop' | 'onProgress' | 'onNote'
>;

/** @throws {ConfigError} for minutes or a preset that make no sense */
export function learnRequest(feed: FeedConfig, asked: { minutes: number; preset?: string }): LearnRequest {
  const modality = modalityOf(feed);
  const request = {
    feed: feed.name,
    machine: feed.machine,
    modality,
    minutes: asked.minutes,
    live: isLive(feed),
    preset: asked.preset ?? feed.learn.preset ?? DEFAULT_PRESETS[modality],
    level: feed.learn.level,
    picture: pictureSize(specBeforeModel(feed)),
    out: feed.model,
    budget: settingsOf(feed).budget,
  };
  checkLearning(request);
  return request;
}
