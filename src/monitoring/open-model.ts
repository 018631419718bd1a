/** A feed's configuration → the package that judges it, opened; or why nothing does. */
import type { Config, FeedConfig } from '../config/load.js';
import { type Manifest, ModelError } from '../contracts.js';
import { describeBudget } from '../decision/threshold.js';
import { packageIsThere, refuseForeign } from '../scorers/package-places.js';
import type { Store } from '../store/types.js';
import { DriftFollower } from './drift-follower.js';
import { FeedModel } from './feed-model.js';
import { resumeOf, settingsOf } from './feed-settings.js';
import { specBeforeModel } from './open-source.js';

export interface ModelSurroundings {
  readonly store: Store;
  readonly engine: Config['engine'];
  readonly log: { info(line: string): void; warn(line: string): void; error(line: string): void };
}

/** At the start: a package that cannot be used is its feed's trouble, which learning or rolling back may mend. */
export async function openModelOrNone(feed: FeedConfig, around: ModelSurroundings): Promise<FeedModel> {
  try {
    return await openModel(feed, around);
  } catch (error) {
    const forced = ['webgpu', 'cuda'].includes(around.engine.device);
    if (!(error instanceof ModelError) || forced) throw error;
    around.log.error(`${feed.name}: nothing is judged: ${error.message}`);
    return (await withoutModel(feed, around)).brokenBy(error.message);
  }
}

/** @throws {ModelError} when there is a package that is broken or does not fit, or a device that is asked for is not there */
export async function openModel(feed: FeedConfig, around: ModelSurroundings): Promise<FeedModel> {
  const { store, engine, log } = around;
  if (!packageIsThere(feed.model)) {
    refuseForeign(feed.model);
    log.warn(`${feed.name}: no model at ${feed.model} yet; send the command learn, or train one`);
    return withoutModel(feed, around);
  }
  const settings = settingsOf(feed);
  const options = { device: scoringDevice(engine), threads: engine.threads };
  const follow = feed.drift.enabled ? follower(feed, around) : undefined;
  const model = await FeedModel.open(feed.model, settings, resumeOf(feed, store), options, follow);
  if (model.manifest) log.info(`${feed.name}: ${describeBudget(model.manifest.calibration, settings.budget)}`);
  return model;
}

function withoutModel(feed: FeedConfig, { store }: ModelSurroundings): Promise<FeedModel> {
  return FeedModel.without(specBeforeModel(feed), settingsOf(feed), resumeOf(feed, store));
}

function follower({ name: feed, drift: { anchor, cap } }: FeedConfig, { store, log }: ModelSurroundings) {
  return (manifest: Manifest) =>
    DriftFollower.open({
      ...{ feed, anchor, cap, manifest },
      kept: store.drift(feed),
      keep: (record) => store.keepDrift(record),
      onNote: (line) => log.warn(line),
    });
}

/** An eager tfjs backend trains; packages are ONNX and run on ONNX Runtime. */
function scoringDevice({ device }: Config['engine']): 'auto' | 'cpu' | 'webgpu' | 'cuda' {
  return device === 'tensorflow' ? 'cpu' : device;
}
