/** `--method` of an evaluation of sound: presets by name, with their features and overrides. */
import { PRESETS, type Preset, presetNamed } from '../../commissioning/presets/index.js';
import { type AudioFeatureSpec, ConfigError } from '../../contracts.js';
import { isSound } from '../../features/spec-sizes.js';
import type { Hyperparameters } from '../../scorers/method.js';
import { methodNamed, recipeOf } from '../../scorers/methods.js';
import { type Assignment, settingsOf } from '../settings.js';

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

export interface SoundMethods {
  readonly methods: readonly SoundMethod[];
  /** What `all` left out. */
  readonly notes: readonly string[];
}

/**
 * @param names of presets, or `all`: every preset of sound but those that need a file which is not given
 * @throws {ConfigError} for a name, or a setting, that is not there
 */
export function soundMethods(names: readonly string[], assignments: readonly Assignment[] = []): SoundMethods {
  const sound = PRESETS.filter(({ modality }) => modality === 'audio');
  const chosen = names.flatMap((name) => (name === 'all' ? sound : [soundPreset(name)]));
  const unique = [...new Set(chosen)];
  if (unique.length === 0) throw new ConfigError('--method: expected at least one name');
  const given = assignments.map(({ name }) => name);
  const lacks = ({ needs }: Needing) => needs !== undefined && !given.includes(needs);
  const left = unique.filter((preset) => lacks(preset) && !names.includes(preset.name));
  for (const preset of unique)
    if (lacks(preset) && !left.includes(preset))
      throw new ConfigError(`--method ${preset.name}: expected --set ${(preset as Needing).needs}=FILE`);
  return {
    methods: withSettings(
      unique.filter((preset) => !left.includes(preset)),
      assignments,
    ),
    notes: left.map((preset) => `${preset.name} left out: it needs --set ${(preset as Needing).needs}=FILE`),
  };
}

/** A preset that is nothing without a file of the user's, named by one of its method's settings. */
type Needing = Preset & { readonly needs?: string };

function soundPreset(name: string): Preset {
  const preset = presetNamed(name);
  if (preset.modality === 'audio') return preset;
  throw new ConfigError(`--method ${name}: expected a preset of sound, it is one of ${preset.modality}`);
}

function withSettings(presets: readonly Preset[], assignments: readonly Assignment[]): SoundMethod[] {
  const runs = presets.map((preset) => {
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
      taken.map(({ assignment }) => assignment),
      run.spec.kind,
    );
    return { ...run, settings: { ...own, ...settings } };
  });
  const lost = known.find(({ taken }) => !taken);
  if (lost) throw new ConfigError(`--set ${lost.assignment.name}: none of the methods asked for has such a setting`);
  return methods;
}

/** Names of settings do not depend on the size of the data. */
const [ROWS, WIDTH] = [1000, 320];

function accepts(run: Omit<SoundMethod, 'settings'>, { method, name }: Assignment): boolean {
  if (method !== null && method !== run.method && method !== run.name) return false;
  return name in (methodNamed(run.method).defaults?.(run.spec.kind, run.recipe, ROWS, WIDTH) ?? {});
}
