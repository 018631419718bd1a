/** What `--method`, `--preset` and `--set` ask for, as a list of rows of the table. */
import { PRESETS, type Preset } from '../commissioning/presets/index.js';
import { ConfigError, type Modality } from '../contracts.js';
import type { Hyperparameters, Method } from '../scorers/method.js';
import { METHODS, methodNamed, recipeOf } from '../scorers/methods.js';
import { type Assignment, settingsOf } from './settings.js';

export interface MethodRun {
  readonly method: string;
  /** '' for a method that has none. */
  readonly recipe: string;
  readonly settings: Hyperparameters;
}

export interface MethodRequest {
  /** Names, perhaps with a recipe, `dagmm:paper`; or `all`. */
  readonly names: readonly string[];
  /** For every method that has it; `all` takes each of a method's own but the long ones. */
  readonly recipe?: string;
  readonly assignments?: readonly Assignment[];
}

/** With `all`, DAGMM comes first and with each of its recipes; other methods with their default. */
const MAIN_METHOD = 'dagmm';
/** Recipes that take as long as their publication did are run when they are named, never by `all`. */
const isLong = (recipe: string): boolean => recipe.endsWith('-full');
export const learnsTables = ({ rowKinds }: Method): boolean => rowKinds?.includes('table') ?? true;

/** @throws {ConfigError} for a method, recipe or setting that is not there */
export function methodRuns({ names, recipe, assignments = [] }: MethodRequest): MethodRun[] {
  const chosen = names.flatMap((name) => (name === 'all' ? everyMethod(recipe) : one(name, recipe)));
  const unique = [...new Map(chosen.map((run) => [runName(run), run])).values()];
  if (unique.length === 0) throw new ConfigError('--method: expected at least one name');
  if (recipe && recipe !== 'all' && !unique.some((run) => run.recipe === recipe)) {
    const known = [...new Set(unique.flatMap((run) => methodNamed(run.method).recipes))].join(', ');
    throw new ConfigError(`--preset: expected one of ${known || 'none'}, found "${recipe}"`);
  }
  return settingsOf(unique, assignments);
}

type Chosen = Omit<MethodRun, 'settings'>;

/** `dagmm robust`, `gmm` */
export function runName({ method, recipe }: Chosen): string {
  return recipe === '' || methodNamed(method).recipes.length < 2 ? method : `${method} ${recipe}`;
}

function everyMethod(recipe: string | undefined): Chosen[] {
  const main = METHODS.filter(({ name }) => name === MAIN_METHOD);
  const others = METHODS.filter((method) => method.name !== MAIN_METHOD && learnsTables(method));
  return [
    ...main.flatMap((method) => recipesFor(method, recipe ?? 'all')),
    ...others.flatMap((m) => recipesFor(m, recipe)),
  ];
}

function one(name: string, recipe: string | undefined): Chosen[] {
  const [method = '', own] = name.split(':');
  return recipesFor(methodNamed(method), own ?? recipe, own !== undefined);
}

/** The recipe asked for where the method has it, all of them, or its default. */
function recipesFor(method: Method, recipe: string | undefined, must = false): Chosen[] {
  const { name, recipes } = method;
  if (recipe === 'all' && recipes.length > 0)
    return recipes.filter((own) => !isLong(own)).map((own) => ({ method: name, recipe: own }));
  const wanted = recipe !== undefined && (must || recipes.includes(recipe)) ? recipe : undefined;
  return [{ method: name, recipe: recipeOf(method, wanted) }];
}

/**
 * @param names of presets of this modality, or `all`
 * @returns each once   @throws {ConfigError} for another name
 */
export function presetsAsked(names: readonly string[], modality: Modality): Preset[] {
  const known = PRESETS.filter((preset) => preset.modality === modality);
  const chosen = names.flatMap((name) => {
    const found = name === 'all' ? known : known.filter((preset) => preset.name === name);
    if (found.length > 0) return found;
    throw new ConfigError(
      `--method: expected one of ${known.map((preset) => preset.name).join(', ')} or all, found "${name}"`,
    );
  });
  if (chosen.length === 0) throw new ConfigError('--method: expected at least one name');
  return [...new Set(chosen)];
}
