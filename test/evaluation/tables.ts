/** Small labelled tables for the tests of this room. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openRandom } from '../../src/scorers/random.js';

export const thyroidPath = join(import.meta.dirname, '..', 'data', 'thyroid', 'thyroid.csv.gz');

/** Writes rows under a header and returns the path. */
export function writeTable(path: string, header: string, rows: readonly string[]): string {
  const text = `${[header, ...rows].join('\n')}\n`;
  writeFileSync(path, path.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

/** Two sensors that follow each other; every tenth row is an anomaly, where they do not. */
export function rigRows(count: number): { flow: number; pressure: number; faulty: boolean }[] {
  const random = openRandom(1, 'rig');
  return Array.from({ length: count }, (_, i) => {
    const faulty = i % 10 === 9;
    const flow = random.normal();
    return { flow, pressure: (faulty ? -3 : 1) * flow + 0.2 * random.normal() + (faulty ? 4 : 0), faulty };
  });
}

/** Lines of the KDD Cup layout: attacks by default, a fifth of them "normal." traffic. */
export function kddLines(count: number): string[] {
  const random = openRandom(2, 'kdd');
  return Array.from({ length: count }, (_, i) => {
    const normal = i % 5 === 0;
    const numbers = Array.from({ length: 37 }, () => (random.uniform() * (normal ? 9 : 2)).toFixed(2));
    const [protocol, service, flag] = normal ? ['tcp', 'http', 'SF'] : ['icmp', i % 2 ? 'ecr_i' : 'private', 'REJ'];
    return ['0', protocol, service, flag, ...numbers, normal ? 'normal.' : 'smurf.'].join(',');
  });
}
