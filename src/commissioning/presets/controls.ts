/** What a figure must beat to mean anything. */
import type { Preset } from './preset.js';

export const CONTROL_PRESETS: readonly Preset[] = [];
