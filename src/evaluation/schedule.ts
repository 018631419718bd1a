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

  /** Work done as a share of all that there is, 0…1; 0 while nothing can be said. */
  get share(): number {
    let [spent, left] = [this.#spent, 0];
    for (const { name, since, share } of this.#running.values()) {
      const elapsed = this.now() - since;
      const total = projected(elapsed, share) ?? Math.max(elapsed, this.#expected(name));
      spent += elapsed;
      left += Math.max(0, total - elapsed);
    }
    for (const name of this.#left) left += this.#expected(name);
    if (left === Number.POSITIVE_INFINITY) return 0;
    return spent + left > 0 ? spent / (spent + left) : 0;
  }

  /** Mean seconds of a row's trials, finished or projected; of all trials where it has none yet; else infinite. */
  #expected(name: string): number {
    const running = [...this.#running.values()].flatMap(({ name, since, share }) => {
      const total = projected(this.now() - since, share);
      return total === null ? [] : [{ name, total }];
    });
    const totals = (of: (name: string) => boolean): number[] => [
      ...[...this.#seconds].flatMap(([row, seconds]) => (of(row) ? seconds : [])),
      ...running.flatMap((trial) => (of(trial.name) ? [trial.total] : [])),
    ];
    const own = totals((row) => row === name);
    const known = own.length > 0 ? own : totals(() => true);
    return known.length === 0 ? Number.POSITIVE_INFINITY : known.reduce((sum, x) => sum + x, 0) / known.length;
  }
}

/** Steps done say nothing about the first moments. */
const ENOUGH_STEPS = 0.02;

const projected = (elapsed: number, share: number): number | null => (share > ENOUGH_STEPS ? elapsed / share : null);
