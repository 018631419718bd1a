import { fileURLToPath } from 'node:url';

/**
 * Path of a worker's compiled file beside the caller. Tests run from `src/*.ts`, which a worker of Node 20 cannot load:
 * there it is the file that `npm run build` puts into `dist/`.
 * @param from `import.meta.url` of the caller   @param name such as `train-worker`
 */
export function workerFile(from: string, name: string): string {
  const path = fileURLToPath(new URL(`./${name}.js`, from));
  return from.endsWith('.ts') ? path.replace(/([\\/])src([\\/](?!.*[\\/]src[\\/]))/, '$1dist$2') : path;
}
