/** Text that a browser takes as text. */
export function escapeHtml(text: string | number): string {
  return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** A table with a caption; numbers to the right. Cells are text, not HTML. */
export function htmlTable(
  caption: string,
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const head = header.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join('');
  const body = rows
    .map(([first = '', ...others]) => {
      const cells = others.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('');
      return `<tr><th scope="row">${escapeHtml(first)}</th>${cells}</tr>`;
    })
    .join('\n');
  return `<div class="wide"><table><caption>${escapeHtml(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** A figure with its words below; the words are text, the picture is HTML. */
export function figure(svg: string, words: string): string {
  return `<figure>${svg}<figcaption>${escapeHtml(words)}</figcaption></figure>`;
}
