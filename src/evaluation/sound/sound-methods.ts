/** `--method` of an evaluation of sound: presets by name, with their features and overrides. */
import type { Preset } from '../../commissioning/presets/index.js';
import { type AudioFeatureSpec, ConfigError } from '../../contracts.js';
import { isSound } from '../../features/spec-sizes.js';
import type { Hyperparameters } from '../../scorers/method.js';
import { methodNamed, recipeOf } from '../../scorers/methods.js';
import { presetsAsked } from '../method-request.js';
import { type Assignment, defaultsOf, settingsOf } from '../settings.js';

export interface SoundMethod {
  /** The preset's. */
  readonly name: string;
  readonly title: string;
  readonly group: Preset['group'];
  /** As recorded. */
  readonly spec: AudioFeatureSpec;
  readonly method: string;
  readonly recipe: string;
  readonly settings: Hyperparameters;
}

/**
 * @param names of presets, or `all`: every preset of sound
 * @throws {ConfigError} for a name, or a setting, that is not there
 */
export function soundMethods(names: readonly string[], assignments: readonly Assignment[] = []): SoundMethod[] {
  const runs = presetsAsked(names, 'audio').map((preset) => {
    const spec = preset.features({ level: 'keep' });
    if (spec.kind === 'learn-table' || !isSound(spec))
      throw new ConfigError(`preset ${preset.name}: expected features of sound, it has ${spec.kind}`);
    const { name, title, group, method, settings: own = {} } = preset;
    return { name, title, group, spec, method, recipe: recipeOf(methodNamed(method), preset.recipe), own };
  });
  const known = assignments.map((assignment) => ({ assignment, taken: false }));
  const methods = runs.map(({ own, ...run }) => {
    const taken = known.filter(({ assignment }) => accepts(run, assignment));
    for (const one of taken) one.taken = true;
    const [{ settings } = { settings: {} }] = settingsOf(
      [run],
      taken.map(({ assignment }) => ({ ...assignment, method: null })),
      run.spec.kind,
    );
    return { ...run, settings: { ...own, ...settings } };
  });
  const lost = known.find(({ taken }) => !taken);
  if (lost) throw new ConfigError(`--set ${lost.assignment.name}: none of the methods asked for has such a setting`);
  return methods;
}

function accepts(run: Omit<SoundMethod, 'settings'>, { method, name }: Assignment): boolean {
  if (method !== null && method !== run.method && method !== run.name) return false;
  return name in defaultsOf(run, run.spec.kind);
}
