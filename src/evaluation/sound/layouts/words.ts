/** What names of files and folders say about a clip. */
import type { SoundFile } from './tree.js';

export type Label = 'normal' | 'anomalous';

/**
 * "normal" means normal; "abnormal", "anomaly", "anomalous" and "anomalies" mean anomalous, in any case and anywhere in
 * the name ("abnormal" contains "normal" and is not that; "anomaly-free" is normal). null: neither, or both as whole words.
 */
export function labelIn(name: string): Label | null {
  const lower = name.toLowerCase().replace(/(?:anomaly|abnormality)[^a-z]*free/g, 'normal');
  const words = lower.split(/[^a-z]+/);
  const rest = lower.replace(/abnormal|anomal/g, ' ');
  if (rest === lower) return lower.includes('normal') ? 'normal' : null;
  return words.includes('normal') ? null : 'anomalous';
}

/** What the file's name says, else the nearest folder's that says something; null when none does. */
export function labelOf({ name, folders }: SoundFile): Label | null {
  return labelIn(name) ?? folderLabel(folders);
}

/** What the nearest folder says that says something. */
export function folderLabel(folders: readonly string[]): Label | null {
  for (let at = folders.length - 1; at >= 0; at--) {
    const label = labelIn(folders[at] as string);
    if (label !== null) return label;
  }
  return null;
}

/** Ids and sections in the names of files and folders, ascending. */
export function idsIn(files: readonly SoundFile[]): string[] {
  const ids = new Set<string>();
  for (const { name, folders } of files) {
    const found = [name, ...folders].flatMap((part) => part.toLowerCase().match(/(?:id|section)_\d+/g) ?? []);
    for (const id of found) ids.add(id);
  }
  return [...ids].sort();
}

/** "1 file", "2 files". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
