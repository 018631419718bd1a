/** What of a configuration and of addresses is never shown. */

/** Keys whose values are never printed, logged or digested. */
const secretKeys: ReadonlySet<string> = new Set(['password']);

/** A copy that may be printed: secrets replaced, also those inside of addresses. */
export function withoutSecrets<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (key, part) => {
      if (secretKeys.has(key) && part !== undefined) return '(not shown)';
      return typeof part === 'string' && part.includes('://') ? hideSecrets(part) : part;
    }),
  );
}

/**
 * Replaces the password and the query of every address in a text, and those of `url` wherever they stand, by "***".
 * The user's name stays: it helps.
 */
export function hideSecrets(text: string, url = text): string {
  const secrets = [/:\/\/[^/@\s]*?:([^/\s]*)@/.exec(url)?.[1], /\?([^#\s]+)/.exec(url)?.[1]];
  let shown = text;
  for (const secret of secrets) if (secret) shown = shown.replaceAll(secret, '***');
  return shown.replace(/(:\/\/[^/:@\s]*):[^/\s]*@/g, '$1:***@');
}
