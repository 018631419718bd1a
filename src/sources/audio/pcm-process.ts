import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

/** A started program that writes raw PCM to `stdout`, and messages to `stderr`. */
export interface PcmProgram {
  readonly process: ChildProcess;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

export type PcmRead =
  | { readonly kind: 'data'; readonly bytes: Buffer; readonly arrivedMs: number }
  /** Nothing came for the time given. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'aborted' };

const keptLines = 8;
/** How long a program that was asked to end may take before it is killed, and a killed one before it is left alone. */
const graceMs = 1_000;
/** After a program has exited, its last output arrives at once, unless a child of its own holds the pipe open. */
const drainMs = 300;
/** arecord: "overrun!!! (at least 1.234 ms long)", in the language of the environment; sox: "over-run detected". */
const overrunLine = /over-?run|!!! \(/i;

/**
 * One run of a program, with its output in a bounded queue: the pipe is paused while the reader is busy, so nothing
 * grows. Its owner calls `stop`, which returns when the process is reaped.
 */
export class PcmProcess {
  readonly #program: PcmProgram;
  readonly #queueBytes: number;
  readonly #queue: { bytes: Buffer; arrivedMs: number }[] = [];
  #queuedBytes = 0;
  #paused = false;
  #lines: string[] = [];
  #overruns = 0;
  #failure: Error | null = null;
  #exited = false;
  #closed = false;
  #wake = () => {};

  /** Attaches every listener at once: a spawn error without a listener would end the daemon. */
  constructor(program: PcmProgram, queueBytes: number) {
    this.#program = program;
    this.#queueBytes = queueBytes;
    const { process, stdout, stderr } = program;
    process.on('error', (error) => {
      this.#failure ??= error;
      // Without a process id it was never started, and no `exit` will come.
      if (process.pid === undefined) this.#exited = this.#closed = true;
      this.#wake();
    });
    process.on('exit', () => {
      this.#exited = true;
      setTimeout(() => this.#close(), drainMs).unref();
    });
    process.on('close', () => this.#close());
    process.stdin?.on('error', () => {});
    // node-record-lpcm16 emits strings here when the recorder fails; how it ended is told by its exit.
    stdout.on('error', () => {});
    stderr.on('error', () => {});
    stdout.on('data', (bytes: Buffer) => this.#take(bytes));
    stderr.on('data', (bytes: Buffer) => this.#note(bytes.toString('utf8')));
  }

  /** The program could not be started, e.g. ENOENT. */
  get failure(): NodeJS.ErrnoException | null {
    return this.#failure;
  }

  /** Last lines on stderr, oldest first. */
  get lines(): readonly string[] {
    return this.#lines.filter((line) => line !== '');
  }

  /** "ended with code 1", "was killed by SIGKILL". */
  get outcome(): string {
    const { exitCode, signalCode } = this.#program.process;
    return signalCode ? `was killed by ${signalCode}` : `ended with code ${exitCode ?? '?'}`;
  }

  get exitCode(): number | null {
    return this.#program.process.exitCode;
  }

  /** True while the reader is so slow that the program has to wait. */
  get held(): boolean {
    return this.#paused;
  }

  /** Overruns reported on stderr since the last call. */
  takeOverruns(): number {
    const count = this.#overruns;
    this.#overruns = 0;
    return count;
  }

  /** The next bytes; `ended` once all output was read. */
  async read(staleMs: number, signal: AbortSignal): Promise<PcmRead> {
    let stale = false;
    const onAbort = () => this.#wake();
    const timer = setTimeout(() => {
      // After a busy event loop, timers come before the data that waits in the pipe.
      setImmediate(() => {
        stale = true;
        this.#wake();
      });
    }, staleMs);
    signal.addEventListener('abort', onAbort);
    try {
      for (;;) {
        if (signal.aborted) return { kind: 'aborted' };
        const next = this.#next();
        if (next) return { kind: 'data', ...next };
        if (this.#closed) return { kind: 'ended' };
        if (stale) return { kind: 'stale' };
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the program (SIGTERM, a second later SIGKILL) and waits until it is reaped. */
  async stop(): Promise<void> {
    const { process, stdout, stderr } = this.#program;
    if (!this.#exited) {
      const exited = new Promise<void>((resolve) => process.once('exit', () => resolve()));
      process.kill('SIGTERM');
      const kill = setTimeout(() => process.kill('SIGKILL'), graceMs);
      let giveUp: NodeJS.Timeout | undefined;
      const tired = new Promise<void>((resolve) => {
        giveUp = setTimeout(resolve, 2 * graceMs);
      });
      await Promise.race([exited, tired]);
      clearTimeout(kill);
      clearTimeout(giveUp);
    }
    stdout.destroy();
    stderr.destroy();
    process.stdin?.destroy();
  }

  #close(): void {
    this.#closed = true;
    this.#wake();
  }

  #take(bytes: Buffer): void {
    this.#queue.push({ bytes, arrivedMs: Date.now() });
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes > this.#queueBytes && !this.#paused) {
      this.#paused = true;
      this.#program.stdout.pause();
    }
    this.#wake();
  }

  #next(): { bytes: Buffer; arrivedMs: number } | undefined {
    const next = this.#queue.shift();
    if (next) this.#queuedBytes -= next.bytes.length;
    if (this.#paused && this.#queuedBytes <= this.#queueBytes / 2) {
      this.#paused = false;
      this.#program.stdout.resume();
    }
    return next;
  }

  #note(text: string): void {
    const [first = '', ...rest] = text.split(/[\r\n]+/);
    const started = this.#lines.pop() ?? '';
    const fresh = [`${started}${first}`, ...rest].map((line) => line.trim().slice(0, 500));
    this.#overruns += fresh.slice(0, rest.length).filter((line) => overrunLine.test(line)).length;
    this.#lines = [...this.#lines, ...fresh].slice(-keptLines);
  }
}
