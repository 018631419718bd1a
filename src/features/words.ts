import type { Contribution, Manifest, Window } from '../contracts.js';
import { imageWords } from './image-words.js';
import { soundWords } from './sound-words.js';
import { tableWords } from './table-words.js';

/**
 * One sentence for the engineer about what makes this window unusual: "Louder by 6 dB, energy moved from 300 Hz to
 * 2.1 kHz; most unusual at 1.9–2.3 kHz." Call it while the window's samples are valid.
 */
export function describeEvent(
  window: Window,
  { features, calibration }: Pick<Manifest, 'features' | 'calibration'>,
  contribution: Contribution | null,
): string {
  switch (features.kind) {
    case 'image-flat':
      return imageWords(features, contribution);
    case 'table':
      return tableWords(features, window.cells ?? {}, contribution);
    default:
      return soundWords(window, features.mel, calibration.descriptors, contribution);
  }
}
