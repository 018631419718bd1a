import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folder that holds package.json, models/ and config/, with a trailing slash. */
export const packageRoot = fileURLToPath(new URL('../../', import.meta.url));

export const auscultVersion = (JSON.parse(readFileSync(`${packageRoot}package.json`, 'utf8')) as { version: string })
  .version;
