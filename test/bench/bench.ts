/** Measures what the README promises, in turns with the same work in Python where that is installed. */
import { parseArgs } from 'node:util';
import { evaluateClips } from './evaluate-clips.js';
import { logMelFrame } from './log-mel-frame.js';
import { missingPeers, type Peer, PeerPair, PeerProcess } from './peer.js';
import { scoreRows } from './score-rows.js';
import { findStreams } from './streams.js';
import { trainConvStep } from './train-conv-step.js';
import { trainFlatStep } from './train-flat-step.js';
import { trainMelCnnStep } from './train-mel-cnn-step.js';
import { clip, wavToScore } from './wav-to-score.js';

export interface Result {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly peer: string | null;
  readonly peerValue: number | null;
  /** value / peerValue. */
  readonly ratio: number | null;
}

/** One kind of work, ours and the peer's. */
interface Work {
  readonly name: string;
  readonly unit: string;
  /** Each side's result is the best of these. */
  readonly threads: readonly number[];
  readonly rounds: number;
  /** A median over some runs. */
  readonly ours: (threads: number) => Promise<number>;
  readonly peer: PeerName | null;
  /** Of the peer, each round. */
  readonly warm: number;
  readonly runs: number;
}

/** `wav-pair`: two of `wav` at the same time. */
type PeerName = 'torch' | 'wav' | 'wav-pair';

type Peers = Readonly<Record<PeerName, Peer>>;

const scoring = (rows: number, runs: number): Work => ({
  name: `score-${rows}`,
  unit: 'ms',
  threads: [1, 2],
  rounds: 5,
  ours: (threads) => scoreRows(rows, threads, runs),
  peer: 'torch',
  warm: 10,
  runs,
});

const evaluating = (cores: number): Work => ({
  name: cores === 1 ? 'evaluate-clip' : 'evaluate-clip-two-cores',
  unit: 'ms',
  threads: [cores],
  rounds: 3,
  ours: evaluateClips,
  peer: cores === 1 ? 'wav' : 'wav-pair',
  warm: 5,
  runs: 300,
});

const works: readonly Work[] = [
  {
    name: 'train-flat-step',
    unit: 'ms',
    threads: [1, 2],
    rounds: 5,
    ours: (threads) => trainFlatStep(threads, 3),
    peer: 'torch',
    warm: 10,
    runs: 60,
  },
  {
    name: 'train-conv-step',
    unit: 'ms',
    threads: [1, 2],
    rounds: 3,
    ours: (threads) => trainConvStep(threads, 3),
    peer: 'torch',
    warm: 2,
    runs: 8,
  },
  {
    name: 'train-mel-cnn-step',
    unit: 'ms',
    threads: [1, 2],
    rounds: 3,
    ours: (threads) => trainMelCnnStep(threads, 2),
    peer: 'torch',
    warm: 1,
    runs: 3,
  },
  scoring(1, 200),
  scoring(64, 200),
  scoring(1_024, 60),
  {
    name: 'log-mel-frame',
    unit: 'us',
    threads: [1],
    rounds: 5,
    ours: () => logMelFrame(),
    peer: null,
    warm: 0,
    runs: 0,
  },
  {
    name: 'wav-to-score',
    unit: 'ms',
    threads: [1],
    rounds: 7,
    ours: () => wavToScore(),
    peer: 'wav',
    warm: 5,
    runs: 60,
  },
  evaluating(1),
  evaluating(2),
];

await bench();

async function bench(): Promise<void> {
  const { values: flags } = parseArgs({
    options: { json: { type: 'boolean', default: false }, only: { type: 'string', multiple: true } },
  });
  const wanted = (name: string) => !flags.only || flags.only.includes(name);
  const missing = missingPeers();
  if (missing) process.stderr.write(`${missing}\n`);
  const peers = missing ? null : await startPeers();
  const results: Result[] = [];
  try {
    for (const work of works.filter(({ name }) => wanted(name))) results.push(await measure(work, peers));
  } finally {
    for (const peer of Object.values(peers ?? {})) peer.close();
  }
  if (wanted('streams')) results.push(await streams());
  if (flags.json) process.stdout.write(`${JSON.stringify({ results })}\n`);
  else print(results);
}

async function startPeers(): Promise<Peers> {
  const torch = await PeerProcess.start('torch_steps.py', [], { oneThread: false });
  const wav = () => PeerProcess.start('wav_to_score.py', [clip], { oneThread: true });
  return { torch, wav: await wav(), 'wav-pair': new PeerPair([await wav(), await wav()]) };
}

/** Ours, the peer's, ours, …: whatever else the machine does meets both. Each side's best median over the thread counts. */
async function measure(work: Work, peers: Peers | null): Promise<Result> {
  const { name, unit, threads, warm, runs } = work;
  const peer = work.peer && peers ? peers[work.peer] : null;
  const ours = new Map<number, number[]>(threads.map((count) => [count, []]));
  const theirs = new Map<number, number[]>(threads.map((count) => [count, []]));
  for (let round = 0; round < work.rounds; round++) {
    if (process.stderr.isTTY) process.stderr.write(`\r${name} ${round + 1}/${work.rounds}        `);
    for (const count of threads) {
      ours.get(count)?.push(await work.ours(count));
      if (peer) theirs.get(count)?.push(await peer.measure({ work: name, threads: count, warm, runs }));
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const value = best(ours);
  const peerValue = peer ? best(theirs) : null;
  return {
    name,
    unit,
    value,
    peer: peer?.name ?? null,
    peerValue,
    ratio: peerValue === null ? null : value / peerValue,
  };
}

function best(byThreads: ReadonlyMap<number, readonly number[]>): number {
  return Math.min(...[...byThreads.values()].map(median));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function streams(): Promise<Result> {
  let sustained = 0;
  for await (const run of findStreams(200, 10)) {
    if (run.sustained) sustained = Math.max(sustained, run.streams);
    const { windows, worstMs, cores, rss } = run;
    process.stderr.write(
      `streams: ${run.streams}: ${run.sustained ? 'sustained' : 'too many'}, ${windows} windows, latest ${worstMs.toFixed(0)} ms, ${cores.toFixed(2)} cores, ${rss.toFixed(0)} MB\n`,
    );
  }
  return { name: 'streams', unit: 'count', value: sustained, peer: null, peerValue: null, ratio: null };
}

function print(results: readonly Result[]): void {
  const rows = results.map(({ name, unit, value, peer, peerValue, ratio }) => [
    name,
    digits(value),
    unit,
    peerValue === null ? '' : digits(peerValue),
    ratio === null ? '' : ratio.toFixed(2),
    peer ?? '',
  ]);
  const head = ['work', 'ours', 'unit', 'peer', 'ratio', 'peer is'];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const rightAligned = [false, true, false, true, true, false];
  for (const row of [head, ...rows]) {
    const cells = row.map((cell, i) => (rightAligned[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)));
    process.stdout.write(`${cells.join('  ').trimEnd()}\n`);
  }
}

function digits(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}
