import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const FOLDER = fileURLToPath(new URL('../../../config/schemas/', import.meta.url));
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });

for (const name of readdirSync(FOLDER).filter((file) => file.startsWith('mqtt-'))) {
  ajv.addSchema(JSON.parse(readFileSync(FOLDER + name, 'utf8')) as object);
}

/** The validator of config/schemas/mqtt-<name>.json. */
export function schema(name: string): ValidateFunction {
  const validate = ajv.getSchema(`mqtt-${name}.json`);
  if (!validate) throw new Error(`config/schemas/mqtt-${name}.json: expected a schema, found none`);
  return validate;
}

/** What is wrong with a payload; empty when nothing is. */
export function faults(validate: ValidateFunction, payload: string): string[] {
  return validate(JSON.parse(payload))
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
