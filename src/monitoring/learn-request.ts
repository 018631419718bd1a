/** A feed's configuration and what was asked for → what learning needs. */
import { checkLearning, type LearnOptions } from '../commissioning/learn.js';
import { DEFAULT_PRESETS } from '../commissioning/presets/index.js';
import type { FeedConfig } from '../config/load.js';
import { ConfigError } from '../contracts.js';
import { settingsOf } from './feed-settings.js';
import { isLive, modalityOf, pictureSize, specBeforeModel } from './open-source.js';

export type LearnRequest = Omit<LearnOptions, 'engine' | 'signal' | 'listen' | 'stop' | 'onProgress' | 'onNote'>;

/** A model that several feeds are judged by is no feed's to change. @throws {ConfigError} naming the other feed */
export function refuseSharedModel({ name, model, sharesModelWith }: FeedConfig): void {
  if (sharesModelWith !== undefined)
    throw new ConfigError(
      `${name}: expected a model of its own, found ${model}, which is ${sharesModelWith}'s too; give one of them another`,
    );
}

/**
 * @throws {ConfigError} for minutes or a preset that make no sense, and for a model that is another feed's, too
 * @throws {StorageError} where the package cannot be written or the recording has no room
 */
export function learnRequest(
  feed: FeedConfig,
  asked: Pick<LearnOptions, 'minutes' | 'dataDir'> & { preset?: string },
): LearnRequest {
  refuseSharedModel(feed);
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
    dataDir: asked.dataDir,
    budget: settingsOf(feed).budget,
  };
  checkLearning(request);
  return request;
}
