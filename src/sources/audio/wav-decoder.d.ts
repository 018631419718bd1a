declare module 'wav-decoder' {
  interface AudioData {
    readonly numberOfChannels: number;
    readonly length: number;
    readonly sampleRate: number;
    readonly channelData: readonly Float32Array<ArrayBuffer>[];
  }
  export const decode: {
    (buffer: ArrayBuffer, options?: { symmetric?: boolean }): Promise<AudioData>;
    sync(buffer: ArrayBuffer, options?: { symmetric?: boolean }): AudioData;
  };
}
