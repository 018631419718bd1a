/** A feed's configuration → its source, delivering what the model's features need. */
import type { FeedConfig } from '../config/load.js';
import { ConfigError, type FeatureSpec, type Modality, type Source } from '../contracts.js';
import { defaultImageFlat, defaultMelFrames } from '../features/default-specs.js';
import { requiredColumns } from '../features/table-encoder.js';
import { ffmpegSource, microphoneSource, watchedAudioFolder, wavFileSource } from '../sources/audio/index.js';
import { ImageFolderSource } from '../sources/images/image-source.js';
import { type Broker, TopicSource } from '../sources/mqtt/topic-source.js';
import { TableSource } from '../sources/tables/table-source.js';

const modalities: Readonly<Record<FeedConfig['source']['type'], Modality>> = {
  microphone: 'audio',
  wav: 'audio',
  'audio-folder': 'audio',
  ffmpeg: 'audio',
  'image-folder': 'image',
  table: 'table',
  topic: 'table',
};

export function modalityOf(feed: FeedConfig): Modality {
  return modalities[feed.source.type];
}

/** What a feed's windows look like before it has a model. A table's columns are not known before there are rows. */
export function specBeforeModel(feed: FeedConfig): FeatureSpec {
  switch (modalityOf(feed)) {
    case 'audio':
      return defaultMelFrames();
    case 'image':
      return defaultImageFlat();
    case 'table':
      return { kind: 'table', columns: [], dropped: [], timeColumn: null };
  }
}

/** True when observations come as they happen, so that lateness means something. */
export function isLive(feed: FeedConfig): boolean {
  const { source } = feed;
  return source.type === 'microphone' || source.type === 'ffmpeg' || (source.type === 'wav' && source.realTime);
}

/**
 * @param broker where rows over MQTT come from; null when MQTT is switched off
 * @throws {ConfigError} when the model is for another kind of feed, naming both
 */
export function openSource(config: FeedConfig, spec: FeatureSpec, broker: Broker | null = null): Source {
  const { name: feed, machine, source } = config;
  checkModality(config, spec);
  const rate = { targetRateHz: 'mel' in spec ? spec.mel.sampleRateHz : 16_000 };
  const at = { feed, machine };
  switch (source.type) {
    case 'microphone':
      return microphoneSource({ ...at, ...source, ...rate });
    case 'ffmpeg':
      return ffmpegSource({ ...at, ...source, ...rate });
    case 'wav':
      return wavFileSource({ ...at, ...source, ...rate, pace: source.realTime ? 'realtime' : 'asFast' });
    case 'audio-folder':
      return watchedAudioFolder({ ...at, ...source, ...rate });
    case 'image-folder':
      return new ImageFolderSource({ ...at, folder: source.folder, existing: source.existing, ...pictureSize(spec) });
    case 'table':
      return new TableSource({ ...at, path: source.file, ...tableOptions(source, spec) });
    case 'topic':
      if (!broker) throw new ConfigError(`feed ${feed}: expected mqtt.enabled for rows over MQTT, found false`);
      return new TopicSource({ ...at, broker, topic: source.topic, ...topicOptions(source, spec) });
  }
}

function topicOptions(source: Extract<FeedConfig['source'], { type: 'topic' }>, spec: FeatureSpec) {
  const { staleSeconds, intervalSeconds } = source;
  return { staleMs: staleSeconds * 1000, intervalMs: intervalSeconds * 1000, ...columnsOf(spec) };
}

function tableOptions(source: Extract<FeedConfig['source'], { type: 'table' }>, spec: FeatureSpec) {
  const { follow, fromStart, intervalSeconds } = source;
  return { follow, fromStart, intervalMs: intervalSeconds * 1000, ...columnsOf(spec) };
}

/** What a model knows of the columns; before there is one, nothing. */
function columnsOf(spec: FeatureSpec) {
  const known = spec.kind === 'table' && spec.columns.length > 0 ? spec : null;
  return known && { requiredColumns: requiredColumns(known), timeColumn: known.timeColumn };
}

/** Pixels of what a feed of pictures is to deliver. */
export function pictureSize(spec: FeatureSpec): { width: number; height: number; channels: 1 | 3 } {
  const { width, height, channels } = spec.kind === 'image-flat' ? spec : defaultImageFlat();
  return { width, height, channels };
}

/** @throws {ConfigError} when the model is for another kind of feed, naming both */
export function checkModality(config: FeedConfig, spec: FeatureSpec): void {
  const model: Modality = spec.kind === 'table' ? 'table' : spec.kind === 'image-flat' ? 'image' : 'audio';
  const feed = modalityOf(config);
  if (model !== feed)
    throw new ConfigError(
      `feed ${config.name}: its ${config.source.type} source gives ${feed}, but the model ${config.model} expects ${model}`,
    );
}
