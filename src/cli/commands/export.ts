import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { SourceError } from '../../contracts.js';
import { readPackage } from '../../scorers/package-files.js';
import { printLine } from '../output.js';

export function exportCommand(): Command {
  return new Command('export')
    .description("write a package's network as one ONNX file that any ONNX runtime can score")
    .requiredOption('--model <folder>', 'model package')
    .requiredOption('--out <file>', 'ONNX file to write')
    .addHelpText(
      'after',
      '\nExample:\n  $ auscult export --model models/pump-00 --out pump.onnx\n\nInput: rows (N, width), raw feature rows. Outputs: energy (N), higher is more anomalous; latent (N, D)\nof a DAGMM and its relatives (not mel-ensemble, knn, …).',
    )
    .action(async ({ model, out }: { model: string; out: string }) => {
      const { manifest, onnx } = await readPackage(model);
      await writeFile(out, onnx).catch((cause: NodeJS.ErrnoException) => {
        throw new SourceError(`${out}: expected a place to write to, found ${cause.code}`, { cause });
      });
      printLine(`${out}: ${onnx.length} bytes, rows of ${manifest.input.width}, SHA-256 ${manifest.modelDigest}`);
    });
}
