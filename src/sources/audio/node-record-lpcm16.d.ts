declare module 'node-record-lpcm16' {
  import type { ChildProcessByStdio } from 'node:child_process';
  import type { Readable, Writable } from 'node:stream';

  interface RecordOptions {
    recorder: 'arecord' | 'sox' | 'rec';
    sampleRate: number;
    channels: number;
    audioType: 'raw' | 'wav';
    device?: string | null;
  }
  interface Recording {
    readonly process: ChildProcessByStdio<Writable, Readable, Readable>;
    stream(): Readable;
    stop(): void;
  }
  const lpcm16: { record(options: RecordOptions): Recording };
  export default lpcm16;
}
