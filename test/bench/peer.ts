import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { repositoryPath } from './tree.js';

const python = '/usr/bin/python3';

/** What is missing for the peers, as one line; null when everything is there. */
export function missingPeers(): string | null {
  const { status } = spawnSync(python, ['-c', 'import numpy, scipy, torch'], { stdio: 'ignore' });
  if (status === 0) return null;
  return `no peers: ${python} lacks numpy, scipy or torch (Debian: apt-get install python3-torch libopenblas0-pthread python3-scipy)`;
}

export interface Measurement {
  readonly work: string;
  readonly threads: number;
  readonly warm: number;
  readonly runs: number;
}

/** Does the same work, one measurement at a time, idle between them. Its owner calls `close`. */
export interface Peer {
  readonly name: string;
  /** Median milliseconds. */
  measure(measurement: Measurement): Promise<number>;
  close(): void;
}

/** A Python program. */
export class PeerProcess implements Peer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    private readonly reader: Interface,
    readonly name: string,
  ) {}

  /** @param oneThread also the libraries below numpy */
  static async start(
    script: string,
    args: readonly string[],
    { oneThread }: { oneThread: boolean },
  ): Promise<PeerProcess> {
    const threads = oneThread ? { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' } : {};
    const child = spawn(python, [repositoryPath(`test/bench/peers/${script}`), ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...threads },
    });
    const reader = createInterface({ input: child.stdout });
    const lines = reader[Symbol.asyncIterator]();
    const { peer } = await answer<{ peer: string }>(lines, script);
    return new PeerProcess(child, lines, reader, peer);
  }

  async measure(measurement: Measurement): Promise<number> {
    this.child.stdin?.write(`${JSON.stringify(measurement)}\n`);
    return (await answer<{ ms: number }>(this.lines, measurement.work)).ms;
  }

  close(): void {
    this.child.stdin?.end();
    this.reader.close();
  }
}

/** Two programs that work at the same time, a thread each: what two cores can do at most. */
export class PeerPair implements Peer {
  readonly name: string;

  constructor(private readonly pair: readonly [Peer, Peer]) {
    this.name = `two of ${pair[0].name}`;
  }

  /** Milliseconds a piece of work, two being done at a time. */
  async measure(measurement: Measurement): Promise<number> {
    const own = { ...measurement, threads: 1 };
    const [a, b] = await Promise.all([this.pair[0].measure(own), this.pair[1].measure(own)]);
    return 1 / (1 / a + 1 / b);
  }

  close(): void {
    for (const peer of this.pair) peer.close();
  }
}

async function answer<T>(lines: AsyncIterator<string>, asked: string): Promise<T> {
  const { value, done } = await lines.next();
  if (done) throw new Error(`peer ${asked}: expected an answer, found the end of the program`);
  return JSON.parse(value);
}
