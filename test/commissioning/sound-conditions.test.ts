import { describe, expect, it } from 'vitest';
import { SoundConditions } from '../../src/commissioning/sound-conditions.js';
import { defaultMel } from '../../src/features/default-specs.js';
import { openRandom } from '../../src/scorers/random.js';

const rate = 16_000;

/** A minute of a hum in noise; `at` says the gain of hum and noise for each second. */
function machine(seconds: number, at: (second: number) => { hum?: number; noise?: number; hz?: number }): Float32Array {
  const random = openRandom(3, 'conditions');
  const out = new Float32Array(seconds * rate);
  let phase = 0;
  for (let i = 0; i < out.length; i++) {
    const { hum = 0.1, noise = 0.02, hz = 120 } = at(Math.floor(i / rate));
    phase += (2 * Math.PI * hz) / rate;
    out[i] = hum * (Math.sin(phase) + 0.5 * Math.sin(7 * phase)) + noise * random.normal();
  }
  return out;
}

async function changeIn(sound: Float32Array, block = 4_000): Promise<string | null> {
  const conditions = await SoundConditions.open(defaultMel());
  for (let from = 0; from < sound.length; from += block) conditions.add(sound.subarray(from, from + block), from === 0);
  return conditions.change;
}

describe('the conditions of a recording', () => {
  it('are fine while a machine runs alike, however its level wobbles', async () => {
    expect(await changeIn(machine(60, () => ({})))).toBeNull();
    expect(await changeIn(machine(60, (s) => ({ hum: 0.1 * (1 + 0.4 * Math.sin(s * 1.3)) })))).toBeNull();
  });

  it('are fine when a machine works in cycles, off every now and then', async () => {
    expect(await changeIn(machine(120, (s) => (s % 20 < 5 ? { hum: 0, noise: 0.002 } : {})))).toBeNull();
  });

  it('have changed when the machine stopped meanwhile: when, for how long and by how much', async () => {
    const change = await changeIn(machine(60, (s) => (s >= 25 && s < 33 ? { hum: 0, noise: 0.001 } : {})));
    expect(change).toMatch(
      /expected the machine to run alike throughout, .* found it \d\d\.\d dB below for 8 s from 0:25 on/,
    );
  });

  it('have changed when it was started during the recording, or something drowned it', async () => {
    expect(await changeIn(machine(60, (s) => (s < 10 ? { hum: 0, noise: 0.001 } : {})))).toMatch(
      /below for 10 s from 0:00/,
    );
    expect(await changeIn(machine(60, (s) => (s > 50 ? { noise: 0.8 } : {})))).toMatch(/above for \d s from 0:51/);
  });

  it('have changed when the last part is louder, with both levels', async () => {
    const change = await changeIn(machine(60, (s) => (s >= 35 ? { hum: 0.17, noise: 0.034 } : {})));
    expect(change).toMatch(
      /expected levels within 3\.\d dB in 0:00–0:20 and 0:40–1:00, found -21\.\d and -17\.\d dBFS/,
    );
  });

  it('have changed when the spectrum is another at the same level', async () => {
    const change = await changeIn(machine(60, (s) => (s >= 30 ? { hz: 410 } : {})));
    expect(change).toMatch(
      /expected spectra within 3\.\d dB in 0:00–0:20 and 0:40–1:00, found \d+\.\d dB between them/,
    );
  });

  it('are none of a machine when all that is heard is the converter', async () => {
    expect(await changeIn(machine(30, () => ({ hum: 0, noise: 3e-5 })))).toMatch(
      /expected a machine louder than -80 dBFS, found a median level of -9\d\.\d dBFS/,
    );
  });

  it('are the same whatever the size of the blocks', async () => {
    const sound = machine(60, (s) => (s >= 35 ? { hum: 0.17 } : {}));
    expect(await changeIn(sound, 777)).toBe(await changeIn(sound, 16_000));
  });
});
