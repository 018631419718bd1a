/** Topics on which machines say whether they run, heard by the feeds that ask for them. */
import type { FeedConfig } from '../config/load.js';
import type { WatchedTopic } from '../sinks/mqtt/index.js';

/** What a payload says of a machine: runs, does not, or (null) neither. */
export function isRunning(payload: string): boolean | null {
  const word = payload.trim().replaceAll('"', '').toLowerCase();
  if (['on', 'true', '1', 'running', 'started'].includes(word)) return true;
  return ['off', 'false', '0', 'stopped', 'idle'].includes(word) ? false : null;
}

/** @param tell is told what was said for a feed   @param warn gets a line about a payload that says neither */
export function operatingTopics(
  feeds: readonly FeedConfig[],
  tell: (feed: string, running: boolean) => void,
  warn: (line: string) => void,
): WatchedTopic[] {
  return feeds.flatMap(({ name, operating: { from, topic } }) => {
    if (from !== 'topic' || topic === undefined) return [];
    const onMessage = (payload: string): void => {
      const running = isRunning(payload);
      const found = payload.trim().slice(0, 40) || 'nothing';
      if (running === null) warn(`${name}: ${topic}: expected on, off, running, true, false, 1 or 0, found ${found}`);
      else tell(name, running);
    };
    return [{ topic, onMessage }];
  });
}
