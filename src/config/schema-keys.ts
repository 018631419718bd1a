import type { z } from 'zod';

/** Property names of a schema with their own schemas, through defaults, optionals, arrays and unions. */
export function keysOf(schema: z.ZodType | undefined): Map<string, z.ZodType> {
  const found = new Map<string, z.ZodType>();
  const visit = (node: z.ZodType | undefined): void => {
    const def = node?.def as
      | {
          type: string;
          shape?: Record<string, z.ZodType>;
          innerType?: z.ZodType;
          element?: z.ZodType;
          options?: z.ZodType[];
        }
      | undefined;
    if (!def) return;
    if (def.shape) for (const [key, value] of Object.entries(def.shape)) found.set(key, value);
    visit(def.innerType);
    visit(def.element);
    for (const option of def.options ?? []) visit(option);
  };
  visit(schema);
  return found;
}

/** Property names that the schema knows at a path. */
export function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let here: z.ZodType | undefined = schema;
  for (const key of path) if (typeof key !== 'number') here = keysOf(here).get(String(key));
  return [...keysOf(here).keys()];
}
