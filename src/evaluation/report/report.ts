import { writeFile } from 'node:fs/promises';
import type { Dataset } from '../dataset.js';
import type { MethodOutcome } from '../evaluate.js';
import type { ResultObject } from '../result-json.js';

export interface ReportFacts {
  readonly dataset: Dataset;
  readonly result: ResultObject;
  readonly outcomes: readonly MethodOutcome[];
  readonly command: string;
}

export async function writeReport(path: string, facts: ReportFacts): Promise<void> {
  await writeFile(path, JSON.stringify(facts.result));
}
