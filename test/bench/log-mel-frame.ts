import { createLogMel } from '../../src/features/log-mel.js';
import { readWav } from '../../src/sources/audio/wav-file.js';
import { medianMs } from './numbers.js';
import { repositoryPath } from './tree.js';

/** Microseconds of one log-mel frame (median of `runs` over 10 s of pump sound each). */
export async function logMelFrame(runs = 200): Promise<number> {
  const logMel = await createLogMel({ sampleRateHz: 16_000, fftSize: 1_024, hopSamples: 512, melBands: 64 });
  const { samples } = await readWav(repositoryPath('models/demo-sound/pump-00-normal.wav'));
  const frames = logMel.framesIn(samples.length);
  const picture = new Float32Array(frames * 64);
  const milliseconds = await medianMs(async () => logMel.writeRaw(samples, 0, frames, picture, 0), 20, runs);
  return (1e3 * milliseconds) / frames;
}
