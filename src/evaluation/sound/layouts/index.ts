/** Every layout of labelled clips that `--dataset` can name. A new one is a file here and an entry in the list. */
import { ConfigError } from '../../../contracts.js';
import type { SoundLayout } from '../dataset.js';
import { dcaseLayouts } from './dcase.js';
import { folder } from './folder.js';
import { mimii } from './mimii.js';

export const SOUND_LAYOUTS: readonly SoundLayout[] = [folder, mimii, ...dcaseLayouts];

/** @throws {ConfigError} for an unknown name */
export function soundLayoutNamed(name: string): SoundLayout {
  const layout = SOUND_LAYOUTS.find((known) => known.name === name);
  if (layout) return layout;
  throw new ConfigError(
    `--dataset: expected one of ${SOUND_LAYOUTS.map((known) => known.name).join(', ')}, found "${name}"`,
  );
}
