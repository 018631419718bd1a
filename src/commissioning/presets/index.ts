import { ConfigError, type Modality, type Window } from '../../contracts.js';
import { describe } from '../../features/descriptors.js';
import type { CommissionOptions } from '../commission.js';
import { CONTROL_PRESETS } from './controls.js';
import { CUSTOMER_PRESETS } from './customer.js';
import { DAGMM_PRESETS } from './dagmm.js';
import { PEER_PRESETS } from './peers.js';
import { PICTURE_PRESETS } from './pictures.js';
import type { Preset, PresetOptions } from './preset.js';

export type { Preset, PresetOptions } from './preset.js';

/** Every preset, Auscult's own first. */
export const PRESETS: readonly Preset[] = [
  ...DAGMM_PRESETS,
  ...PICTURE_PRESETS,
  ...CUSTOMER_PRESETS,
  ...PEER_PRESETS,
  ...CONTROL_PRESETS,
];

/** Recorded sound, when no preset is named: the best ranking of clips, where there is time for windows of 2 s. */
export const RECORDED_SOUND_PRESET = 'mel-ensemble';

/** What a feed learns when no preset is named. Of sound what other sounds of the place disturb least. */
export const DEFAULT_PRESETS: Readonly<Record<Modality, string>> = {
  audio: 'mel-mean',
  image: 'image-flat',
  table: 'table',
};

/** @throws {ConfigError} for an unknown name */
export function presetNamed(name: string): Preset {
  const preset = PRESETS.find((known) => known.name === name);
  if (preset) return preset;
  throw new ConfigError(`preset: expected one of ${PRESETS.map((known) => known.name).join(', ')}, found "${name}"`);
}

export type PresetRequest = Pick<
  CommissionOptions,
  'preset' | 'features' | 'method' | 'recipe' | 'settings' | 'smoothing'
> & {
  /** Sound: what an event's words compare with. */
  readonly describe?: (window: Window) => Readonly<Record<string, number>>;
};

/** What a preset asks of `commission`. @throws {ConfigError} for an unknown name */
export function presetRequest(name: string, options: PresetOptions = {}): PresetRequest {
  const { modality, features, method, recipe, settings, smoothing } = presetNamed(name);
  const asked = { preset: name, features: features(options), method, recipe, settings, smoothing };
  return modality === 'audio' ? { ...asked, describe } : asked;
}
