/** How long an evaluation still takes: trials of one row of the table take about as long as each other. */
export class Schedule {
  readonly #seconds = new Map<string, number[]>();
  readonly #running = new Map<string, { readonly name: string; readonly since: number; share: number }>();
  readonly #left: string[];
  #spent = 0;

  /** @param names of the rows of the trials to run, one entry a trial */
  constructor(
    names: readonly string[],
    private readonly now: () => number = () => performance.now() / 1000,
  ) {
    this.#left = [...names];
  }

  start(trial: string, name: string): void {
    const at = this.#left.indexOf(name);
    if (at >= 0) this.#left.splice(at, 1);
    this.#running.set(trial, { name, since: this.now(), share: 0 });
  }

  step(trial: string, share: number): void {
    const running = this.#running.get(trial);
    if (running) running.share = share;
  }

  finish(trial: string): void {
    const running = this.#running.get(trial);
    if (!running) return;
    this.#running.delete(trial);
    const seconds = this.now() - running.since;
    this.#spent += seconds;
    this.#seconds.set(running.name, [...(this.#seconds.get(running.name) ?? []), seconds]);
  }

  /** Work done as a share of all that there is, 0…1. */
  get share(): number {
    let [spent, left] = [this.#spent, 0];
    for (const { name, since, share } of this.#running.values()) {
      const elapsed = this.now() - since;
      const total = share > 0.02 ? elapsed / share : Math.max(elapsed, this.#expected(name));
      spent += elapsed;
      left += Math.max(0, total - elapsed);
    }
    for (const name of this.#left) left += this.#expected(name);
    return spent + left > 0 ? spent / (spent + left) : 0;
  }

  /** Mean seconds of a row's trials; of all trials where it has none yet. */
  #expected(name: string): number {
    const known = this.#seconds.get(name) ?? [...this.#seconds.values()].flat();
    return known.length === 0 ? 1 : known.reduce((sum, x) => sum + x, 0) / known.length;
  }
}
