import { defineConfig } from 'vitest/config';

const report = process.env.TEST_REPORT;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Long enough for a busy machine.
    expect: { poll: { timeout: 20_000 } },
    // What passing tests print is not news: the engine's banner, programs' warnings.
    silent: 'passed-only',
    pool: 'forks',
    maxWorkers: 2,
    reporters: report ? ['default', 'json'] : ['default'],
    outputFile: report ? { json: report } : {},
  },
});
