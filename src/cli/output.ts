/** What goes to stdout: JSON for machines, aligned columns for people; and to stderr what is not asked for. */

/** One JSON value on one line. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function printLine(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** What somebody should know beside the output, one line. */
export function complain(line: string): void {
  process.stderr.write(`auscult: ${line}\n`);
}

/** Rows as columns; numbers to the right. */
export function printTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const cells = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  for (const [r, row] of cells.entries()) {
    const line = row.map((cell, i) => {
      const isNumber = r > 0 && typeof rows[r - 1]?.[i] === 'number';
      return isNumber ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0);
    });
    printLine(line.join('  ').trimEnd());
  }
}

/** 1.2345e-7 → "1.2e-7", 12.3456 → "12.35". */
export function short(value: number): string {
  return Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3)
    ? value.toExponential(1)
    : String(Number(value.toPrecision(4)));
}
