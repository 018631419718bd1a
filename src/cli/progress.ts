import { Presets, SingleBar } from 'cli-progress';

/** A bar on stderr where that is a terminal, nothing elsewhere. */
export class Progress {
  readonly #bar: SingleBar | null;

  constructor(what: string, enabled = process.stderr.isTTY === true) {
    this.#bar = enabled
      ? new SingleBar(
          {
            format: `${what} {bar} {percentage}% | {note} | {eta_formatted} left`,
            stream: process.stderr,
            hideCursor: true,
          },
          Presets.shades_classic,
        )
      : null;
    this.#bar?.start(1000, 0, { note: '' });
  }

  /** @param done 0…1 */
  update(done: number, note = ''): void {
    this.#bar?.update(Math.round(Math.min(1, done) * 1000), { note });
  }

  stop(): void {
    this.#bar?.stop();
  }
}
