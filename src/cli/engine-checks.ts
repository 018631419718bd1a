import type { Check } from './checks.js';

export async function engineChecks(): Promise<Check[]> {
  return [];
}
