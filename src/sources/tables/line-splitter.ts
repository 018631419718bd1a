import { TextDecoder } from 'node:util';

/** One line of a text file, without its end. A line beyond the limit comes with no text. */
export interface Line {
  /** 1-based. */
  readonly number: number;
  readonly text: string;
  readonly tooLong: boolean;
}

/** Longest line that is kept, in characters. */
export const MAX_LINE_CHARS = 1 << 20;

/**
 * Bytes in any pieces → lines, in bounded memory. UTF-8; by its byte-order mark UTF-16; Windows-1252 where the first line is no
 * UTF-8, as spreadsheets write `Temperatur °C`. LF or CRLF.
 */
export class LineSplitter {
  private decoder: TextDecoder | undefined;
  private rest = '';
  private overflowed = false;
  private count = 0;

  constructor(private readonly maxChars: number = MAX_LINE_CHARS) {}

  /** Lines completed by these bytes. */
  push(bytes: Uint8Array): Line[] {
    this.decoder ??= new TextDecoder(encodingOf(bytes));
    const text = this.decoder.decode(bytes, { stream: true });
    const lines: Line[] = [];
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      lines.push(this.finish(text.slice(from, end)));
      from = end + 1;
    }
    this.keep(text.slice(from));
    return lines;
  }

  /** The last line, if it has no end. */
  end(): Line[] {
    this.keep(this.decoder?.decode() ?? '');
    return this.rest === '' && !this.overflowed ? [] : [this.finish('')];
  }

  private keep(text: string): void {
    if (this.rest.length + text.length > this.maxChars) {
      this.overflowed = true;
      this.rest = '';
    } else if (!this.overflowed) {
      this.rest += text;
    }
  }

  private finish(text: string): Line {
    this.keep(text);
    const line = { number: ++this.count, text: this.rest.replace(/\r$/, ''), tooLong: this.overflowed };
    this.rest = '';
    this.overflowed = false;
    return line;
  }
}

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  const end = bytes.indexOf(10);
  try {
    const strict = new TextDecoder('utf-8', { fatal: true });
    strict.decode(end < 0 ? bytes : bytes.subarray(0, end), { stream: true });
    return 'utf-8';
  } catch {
    return 'windows-1252';
  }
}
