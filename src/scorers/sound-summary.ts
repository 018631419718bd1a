import type { Contribution, ContributionAxis, Manifest, Window } from '../contracts.js';
import { bandMeans, changedBands, judgedBands } from '../features/changed-bands.js';
import { changedTimes } from '../features/changed-times.js';
import { isSound } from '../features/spec-sizes.js';
import type { NearestNormal } from './normal-clips.js';
import { stretchMs } from './occlusion.js';

interface Explained {
  readonly window: Window;
  readonly axes: readonly ContributionAxis[];
  readonly nearest: NearestNormal | null;
}

/** What an explanation of sound comes to: bands by Hz, times, and the normal clip to compare with. */
export function summary(
  { window, axes, nearest }: Explained,
  { features, input }: Pick<Manifest, 'features' | 'input'>,
): Pick<Contribution, 'bands' | 'times' | 'nearestNormal'> {
  if (!isSound(features)) return {};
  const { mel } = features;
  const now = judgedBands(window, features);
  const usual = nearest?.bands ?? (holdsFrames(features.kind) ? bandMeans(input.meanRow, mel.melBands) : null);
  const changeDb = now && usual ? now.map((dB, band) => dB - (usual[band] ?? dB)) : null;
  const blame = axes.find(({ axis }) => axis === 'band')?.values ?? null;
  const time = axes.find(({ axis }) => axis === 'second');
  const bands = changeDb || blame ? changedBands(mel, changeDb, blame) : [];
  return {
    bands,
    times: time ? changedTimes(time, stretchMs(features), window) : [],
    ...(nearest && {
      nearestNormal: { clip: nearest.clip.sha256, distanceDb: Math.round(10 * nearest.distanceDb) / 10 },
    }),
  };
}

/** Rows made of frames, whose mean row is a mean log-mel. */
const holdsFrames = (kind: string): boolean => kind === 'mel-frames' || kind === 'mel-flat';
