/** What others use, behind the same contract. */
import type { Preset } from './preset.js';

export const PEER_PRESETS: readonly Preset[] = [];
