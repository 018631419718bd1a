/**
 * Compiles each kernel and writes it where it is used, as a module: npm run kernels. The result is committed, so that a
 * build needs no compiler; test/kernels.test.ts compiles again and compares. Kernels are AssemblyScript, which tsc leaves alone.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Source → module beside it. */
export const kernels = {
  'features/log-mel.kernel.ts': 'features/log-mel.wasm.ts',
  'sources/audio/pcm.kernel.ts': 'sources/audio/pcm.wasm.ts',
};

/** The text of the module that holds a compiled kernel. */
export async function compile(source) {
  const flags = [
    '-Ospeed',
    '--noAssert',
    '--runtime',
    'stub',
    '--importMemory',
    '--noExportMemory',
    '--initialMemory',
    '1',
    '--enable',
    'simd',
  ];
  let binary;
  const { error, stderr } = await asc.main([source, '--baseDir', here, '--outFile', 'kernel.wasm', ...flags], {
    writeFile: (_name, contents) => {
      binary = contents;
    },
  });
  if (error) throw new Error(`${source}: ${error.message}\n${stderr}`);
  return `/** Made from ${source.split('/').at(-1)} by \`npm run kernels\`. */\nexport const wasm =\n  '${Buffer.from(binary).toString('base64')}';\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [source, module] of Object.entries(kernels)) {
    await writeFile(new URL(module, import.meta.url), await compile(source));
  }
}
