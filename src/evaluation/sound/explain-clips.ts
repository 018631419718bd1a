/** Where the energy of the best and the worst clips comes from: window by window, band by band. */
import type { AudioFeatureSpec } from '../../contracts.js';
import { clipHopFrames } from '../../features/spec-sizes.js';
import { occlusionAxes } from '../../scorers/occlusion.js';
import { scoreWindows } from '../../scorers/package-scorer.js';
import type { RowScorer } from '../../scorers/row-scorer.js';
import type { ClipReader } from './clip-reader.js';
import { hear, type WindowRows, windowsOf } from './clip-windows.js';
import type { ExplainedClip, SoundTrialJob } from './sound-job.js';

/** The anomalies that stand out most and least, and the normal that stands out most. */
export async function explainClips(
  reader: ClipReader,
  scorer: RowScorer,
  meanRow: Float32Array,
  scores: readonly number[],
  job: SoundTrialJob,
): Promise<ExplainedClip[]> {
  const explained: ExplainedClip[] = [];
  for (const [kind, test] of chosen(scores, job)) {
    const clip = job.test[test];
    if (!clip) continue;
    const heard = await hear(reader, clip, job.spec, job.referenceLevelDb);
    const hop = clipHopFrames(job.spec);
    const count = 1 + Math.floor((heard.frames - job.spec.windowFrames) / hop);
    const windows = windowsOf(job.spec, hop, heard, [0, Math.min(MOST_WINDOWS, count)]);
    const energies = await energiesOf(scorer, windows);
    const frameSeconds = job.spec.mel.hopSamples / job.spec.mel.sampleRateHz;
    explained.push({
      ...{ test, kind, energies: energies.map(rounded) },
      seconds: windows.map((_, i) => rounded(i * hop * frameSeconds)),
      bands: await bandsOf(scorer, meanRow, windows, energies, job.spec),
    });
  }
  return explained;
}

/** A minute of frame stacks. */
const MOST_WINDOWS = 70;

function chosen(scores: readonly number[], { test }: SoundTrialJob): [ExplainedClip['kind'], number][] {
  const order = (anomalous: boolean) =>
    [...test.keys()]
      .filter((i) => test[i]?.anomalous === anomalous)
      .sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const [anomalies, normals] = [order(true), order(false)];
  const places = [
    ['found', anomalies[0]],
    ['missed', anomalies.length > 1 ? anomalies.at(-1) : undefined],
    ['false-alarm', normals[0]],
  ] as const;
  return places.flatMap(([kind, i]) => (i === undefined ? [] : [[kind, i] as [ExplainedClip['kind'], number]]));
}

/** Each band in turn put back to its mean; null where rows have no bands. */
async function bandsOf(
  scorer: RowScorer,
  meanRow: Float32Array,
  windows: readonly WindowRows[],
  energies: readonly number[],
  spec: AudioFeatureSpec,
): Promise<number[][] | null> {
  const axis = occlusionAxes(spec, windows[0]?.shape[0] ?? 0).find(({ axis }) => axis === 'band');
  if (!axis) return null;
  const falls: number[][] = windows.map(() => []);
  for (const { cells } of axis.groups) {
    const without = await energiesOf(
      scorer,
      windows.map((window) => occluded(window, cells, meanRow)),
    );
    for (const [i, energy] of without.entries()) falls[i]?.push(rounded((energies[i] ?? 0) - energy));
  }
  return falls;
}

function occluded({ data, shape }: WindowRows, cells: readonly number[], meanRow: Float32Array): WindowRows {
  const put = data.slice();
  for (const cell of cells) put[cell] = meanRow[cell % shape[1]] as number;
  return { data: put, shape };
}

async function energiesOf(scorer: RowScorer, windows: readonly WindowRows[]): Promise<number[]> {
  const named = windows.map((window, sequence) => ({ ...window, origin: 'clip', sequence }));
  return [...(await scoreWindows(scorer, named, windows[0]?.shape[1] ?? 0))];
}

const rounded = (value: number): number => Number(value.toPrecision(4));
