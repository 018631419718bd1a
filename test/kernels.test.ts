import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile, kernels } from '../src/build-kernels.mjs';

describe('the WebAssembly kernels', () => {
  it.each(Object.entries(kernels))('%s is what %s was compiled from', async (source, module) => {
    expect(await compile(source)).toBe(readFileSync(join(import.meta.dirname, '../src', module), 'utf8'));
  });
});
