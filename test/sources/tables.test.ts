import { appendFile, mkdir, mkdtemp, rename, rm, rmdir, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, type RowObservation, SourceError, type Trouble } from '../../src/contracts.js';
import { toCell } from '../../src/sources/tables/cells.js';
import { csvDialect } from '../../src/sources/tables/csv-dialect.js';
import { LineSplitter } from '../../src/sources/tables/line-splitter.js';
import { readTable } from '../../src/sources/tables/read-table.js';
import { parseRowRange } from '../../src/sources/tables/row-range.js';
import { findTimeColumn, parseDateTime, parseTime } from '../../src/sources/tables/row-time.js';
import { TableParser } from '../../src/sources/tables/table-parser.js';
import { TableSource, type TableSourceOptions } from '../../src/sources/tables/table-source.js';

let folder = '';
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auscult-tables-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Everything that the text of a table becomes. */
function parse(text: string | Uint8Array, requiredColumns?: string[]) {
  const splitter = new LineSplitter();
  const parser = new TableParser({ name: 'rig.csv', requiredColumns });
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return [...splitter.push(bytes), ...splitter.end()].flatMap((line) => parser.push(line)).concat(parser.end());
}

const cellsOf = (text: string | Uint8Array) =>
  parse(text).map((found) => (found.kind === 'row' ? found.cells : found.message));

describe('lines', () => {
  it('are the same however the bytes are cut', () => {
    const text = '\ufeffa;ü;漢\r\n1;2;3\n\n"x\ny";5;6\r\nlast';
    const bytes = new TextEncoder().encode(text);
    const whole = new LineSplitter();
    const expected = [...whole.push(bytes), ...whole.end()];
    expect(expected.map((line) => line.text)).toEqual(['a;ü;漢', '1;2;3', '', '"x', 'y";5;6', 'last']);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 8 }), (cuts) => {
        const splitter = new LineSplitter();
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const lines = edges.slice(1).flatMap((edge, i) => splitter.push(bytes.slice(edges[i], edge)));
        expect([...lines, ...splitter.end()]).toEqual(expected);
      }),
    );
  });

  it('beyond the limit lose their text, but not their number nor the lines after them', () => {
    const splitter = new LineSplitter(10);
    const bytes = new TextEncoder().encode(`short\n${'x'.repeat(11)}\n${'y'.repeat(10)}\n${'z'.repeat(500)}`);
    const lines = [...Array.from(bytes, (byte) => splitter.push(Uint8Array.of(byte))).flat(), ...splitter.end()];
    expect(lines).toEqual([
      { number: 1, text: 'short', tooLong: false },
      { number: 2, text: '', tooLong: true },
      { number: 3, text: 'y'.repeat(10), tooLong: false },
      { number: 4, text: '', tooLong: true },
    ]);
  });

  it('of UTF-16 are read by their byte-order mark', () => {
    expect(cellsOf(Buffer.from('\ufeffa\tb\r\n1\t2\r\n', 'utf16le'))).toEqual([{ a: 1, b: 2 }]);
  });

  it('of Windows-1252 are read where their first line is no UTF-8', () => {
    expect(cellsOf(Buffer.from('p;Temperatur °C\n1,5;kühl\n', 'latin1'))).toEqual([
      { p: 1.5, 'Temperatur °C': 'kühl' },
    ]);
    expect(cellsOf(Buffer.from('p;Temperatur °C\n1,5;kühl\n'))).toEqual([{ p: 1.5, 'Temperatur °C': 'kühl' }]);
  });
});

describe('a table', () => {
  it.each([
    ['commas', 'a,b c,d\n1,x,\n'],
    ['semicolons', 'a;b c;d\n1;x;\n'],
    ['tabs', 'a\tb c\td\r\n1\tx\t\r\n'],
    ['a byte-order mark', '\ufeffa,b c,d\n1,x,NaN\n'],
    ['stray spaces', ' a , b c ,d\n 1 , x , \n'],
    ['quotes', '"a","b c","d"\n"1","x",""\n'],
    ["Excel's own first line", 'sep=;\na;b c;d\n1;x;\n'],
    ['a delimiter too many after each row', 'a,b c,d\n1,x,,\n'],
    ['blank lines', '\na,b c,d\n\n1,x,\n\n'],
    ['the header once more', 'a,b c,d\n1,x,\na,b c,d\n'],
  ])('with %s is read', (_, text) => {
    expect(cellsOf(text)).toEqual([{ a: 1, 'b c': 'x', d: null }]);
  });

  it('keeps delimiters, doubled quotes and line ends inside quotes', () => {
    expect(cellsOf('a,b\n"x, ""y""\nz",2\n"5"" pipe",3\n6" pipe,4\n')).toEqual([
      { a: 'x, "y"\nz', b: 2 },
      { a: '5" pipe', b: 3 },
      { a: '6" pipe', b: 4 },
    ]);
  });

  it('follows a header that comes again with its columns in another order, or with others', () => {
    const text = 'a,b\n1,2\nb,a\n2,1\na,b,c\n1,2,3\n';
    expect(cellsOf(text)).toEqual([
      { a: 1, b: 2 },
      { a: 1, b: 2 },
      { a: 1, b: 2, c: 3 },
    ]);
    expect(cellsOf(',a,b\n,,5\n')).toEqual([{ '': null, a: null, b: 5 }]);
    expect(cellsOf('0,1,2\n5,6,7\n0,1,1\n1,2,3\n0,1,2\n8,9,9\n').map(Object.values)).toEqual([
      ...[
        [5, 6, 7],
        [0, 1, 1],
        [1, 2, 3],
      ],
      [8, 9, 9],
    ]);
    expect(cellsOf('pump,valve,p\nvalve,pump,4\n1,2,3\n')).toEqual([
      { pump: 'valve', valve: 'pump', p: 4 },
      { pump: 1, valve: 2, p: 3 },
    ]);
    const [row, without, ...others] = parse('a,b,t\n1,2,3\nb,c,t\n5,6,7\na,b,t\n8,9,9\n', ['a']);
    expect(row).toMatchObject({ row: 1, cells: { a: 1 } });
    expect(without).toMatchObject({ kind: 'bad-file', message: 'rig.csv: expected column "a", found "b", "c", "t"' });
    expect(others).toMatchObject([{ row: 3, line: 6, cells: { a: 8, b: 9, t: 9 } }]);
  });

  it('says the line of a row with missing or surplus fields, and goes on', () => {
    expect(parse('a;b\n1;2\n3\n4;5;6\n7;8\n').map((found) => ('message' in found ? found.message : found.row))).toEqual(
      [1, 'rig.csv line 3: expected 2 fields, found 1', 'rig.csv line 4: expected 2 fields, found 3', 4],
    );
  });

  it('loses one row, not the rest, to a quote that is never closed', () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},ok`).join('\n');
    const found = parse(`a,b\n"broken,1\n${rows}\n`);
    expect(found[0]).toMatchObject({ kind: 'bad-row', line: 2, message: 'rig.csv line 2: a quote is not closed' });
    expect(found.slice(1).map((row) => row.kind === 'row' && row.cells.a)).toEqual(
      Array.from({ length: 40 }, (_, i) => i),
    );
  });

  it('says which line is longer than a row may be', () => {
    const found = parse(`a,b\n1,2\n${'9'.repeat(2 ** 20 + 1)},2\n3,4\n`);
    expect(found.map((item) => item.kind)).toEqual(['row', 'bad-row', 'row']);
    expect(found[1]).toMatchObject({ message: 'rig.csv line 3: longer than the 1048576 characters of a row' });
  });

  it('without a header has numbered columns, but columns may be named by numbers', () => {
    expect(cellsOf('0,tcp,5.5\n1,udp,6\n')).toEqual([
      { 'column 1': 0, 'column 2': 'tcp', 'column 3': 5.5 },
      { 'column 1': 1, 'column 2': 'udp', 'column 3': 6 },
    ]);
    expect(csvDialect(',0,1,2', null)).toMatchObject({ columns: ['', '0', '1', '2'], hasHeader: true });
    expect(csvDialect('0,1,2', null)).toMatchObject({ columns: ['0', '1', '2'], hasHeader: true });
    expect(csvDialect(',flow,flow,', null)).toMatchObject({ columns: ['', 'flow', 'flow.2', 'column 4'] });
  });

  it('of JSON lines has a column for each value inside', () => {
    expect(
      cellsOf('{"t":"2020-01-01T00:00:00Z","p":{"v":1.5,"ok":true},"f":[2,null]}\n{"p":3\n[1]\n{"x":"7"}\n'),
    ).toEqual([
      { t: '2020-01-01T00:00:00Z', 'p.v': 1.5, 'p.ok': 'true', 'f.0': 2, 'f.1': null },
      'rig.csv line 2: expected a JSON object, found broken JSON',
      'rig.csv line 3: expected a JSON object, found [1]',
      { x: 7 },
    ]);
  });

  it('of JSON lines nested deeper than columns go have nothing there', () => {
    const deep = `${'{"a":'.repeat(8)}{"toString":1}${'}'.repeat(8)}`;
    expect(cellsOf(`${deep.replace('{', '{"b":1,')}\n`)).toEqual([{ b: 1, 'a.a.a.a.a.a.a.a': null }]);
  });

  it.each([
    ['a,b\n1,2\n', 'rig.csv: expected column "Pressure", found "a", "b"'],
    ['{"a":1}\n', 'rig.csv line 1: expected column "Pressure", found "a"'],
  ])('without a column that is needed names it: %j', (text, message) => {
    expect(parse(text, ['Pressure'])).toMatchObject([{ message }]);
  });

  it('has missing values where a row of JSON lacks some of the columns that are needed', () => {
    const found = parse('{"Pressure":1}\n{"Flow":2,"x":3}\n', ['Pressure', 'Flow']);
    expect(found).toMatchObject([{ cells: { Pressure: 1, Flow: null } }, { cells: { Pressure: null, Flow: 2, x: 3 } }]);
  });

  it.each([
    ['\x7fELF\0\0\0', /rig\.csv: expected CSV or JSON lines, found binary data/],
    ['[{"a":1}]', /expected one JSON object a line, found a JSON array/],
    [`"a,b\n1,2`, /line 1: a quote in the header is not closed/],
  ])('that is none is refused once: %j', (text, message) => {
    const found = parse(`${text}\n1,2\n3,4\n`);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ kind: 'bad-file', message: expect.stringMatching(message) });
  });

  it('never fails, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => parse(bytes)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  it('gives back any texts that were quoted as CSV', () => {
    const field = fc.string({ maxLength: 12 }).map((text) => text.replace(/[\r\0]/g, ''));
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 5 }), (rows) => {
        const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const text = `a,b\n${rows.map((row) => row.map(quote).join(',')).join('\n')}\n`;
        expect(cellsOf(text)).toEqual(rows.map(([a, b]) => ({ a: toCell(a, false), b: toCell(b, false) })));
      }),
    );
  });
});

describe('a cell', () => {
  it.each([
    ['12', 12],
    [' -1.5e3 ', -1500],
    ['.5', 0.5],
    ['5.', 5],
    ['', null],
    ['NaN', null],
    ['?', null],
    ['N/A', null],
    ['-inf', null],
    ['1e999', null],
    ['007', '007'],
    ['1,5', '1,5'],
    ['0x10', '0x10'],
    ['tcp', 'tcp'],
  ])('%j is %j', (text, cell) => {
    expect(toCell(text, false)).toBe(cell);
  });

  it('has a decimal comma where commas do not separate fields', () => {
    expect(['-1,5', '1,5E-03', ',5', '2,'].map((text) => toCell(text, true))).toEqual([-1.5, 0.0015, 0.5, 2]);
    expect(toCell('1,5E-03', false)).toBe('1,5E-03');
    expect(cellsOf('a;b\n1,5;2\n')).toEqual([{ a: 1.5, b: 2 }]);
  });
});

describe('the time of a row', () => {
  it.each([
    ['2020-03-09 10:34:33', Date.UTC(2020, 2, 9, 10, 34, 33)],
    ['2020-03-09T10:34:33.250Z', Date.UTC(2020, 2, 9, 10, 34, 33, 250)],
    ['2020-03-09T10:34:33+02:00', Date.UTC(2020, 2, 9, 8, 34, 33)],
    ['2020/3/9 10:34', Date.UTC(2020, 2, 9, 10, 34)],
    ['2020-03-09', Date.UTC(2020, 2, 9)],
    ['09.03.2020 10:34:33,5', Date.UTC(2020, 2, 9, 10, 34, 33, 500)],
    ['9.3.2020', Date.UTC(2020, 2, 9)],
    ['2020.03.09 10:34', Date.UTC(2020, 2, 9, 10, 34)],
    ['2020-03-09T10:34:33-05', Date.UTC(2020, 2, 9, 15, 34, 33)],
    ['2020-03-09 10:34:33 GMT', Date.UTC(2020, 2, 9, 10, 34, 33)],
    ['31.02.2020 10:00', null],
    ['3/9/2020 10:34', null],
    ['1.2.3', null],
    ['2021-02-30 10:00:00', null],
    ['2020-03-09 25:00:00', null],
    ['12.5', null],
    ['3-4-5', null],
  ])('%s is %s', (text, ms) => {
    expect(parseDateTime(text)).toBe(ms);
  });

  it('may be seconds since 1970, or milli-, micro- and nanoseconds', () => {
    expect(parseTime(1_583_750_073_000_000)).toBe(1_583_750_073_000);
    expect(parseTime(1_583_750_073_000_000_000)).toBe(1_583_750_073_000);
    expect(parseTime(1_583_750_073.5)).toBe(1_583_750_073_500);
    expect(parseTime(1_583_750_073_000)).toBe(1_583_750_073_000);
    expect(parseTime(42)).toBeNull();
  });

  it('is found by what is written, or by a name and a number', () => {
    expect(findTimeColumn({ load: 1.5e9, when: '2020-01-01 00:00:00' })).toBe('when');
    expect(findTimeColumn({ load: 1.5e9, timestamp: 1.5e9 })).toBe('timestamp');
    expect(findTimeColumn({ load: 1.5e9, timeout: 30 })).toBeNull();
  });
});

describe('a range of rows', () => {
  it.each([
    ['1:400', 1, 400],
    ['401:', 401, Number.POSITIVE_INFINITY],
    [':400', 1, 400],
    ['7', 7, 7],
  ])('%s', (text, first, last) => {
    expect(parseRowRange(text)).toEqual({ first, last });
  });

  it.each(['', ':', '0:5', '5:4', 'a:b', '-1', '1:2:3'])('%j is refused with examples', (text) => {
    expect(() => parseRowRange(text)).toThrow(ConfigError);
    expect(() => parseRowRange(text)).toThrow(`1:400, 401: or :400 (the first row is 1), got "${text}"`);
  });
});

const rig = [
  'datetime;Pressure;Current',
  ...Array.from({ length: 10 }, (_, i) => `2020-03-09 10:34:${10 + 2 * i};${i};0.5`),
];

type Found = RowObservation | Trouble;

function source(path: string, change: Partial<TableSourceOptions> = {}) {
  return new TableSource({ feed: 'rig', machine: 'pump', path, ...change });
}

async function all(of: TableSource): Promise<Found[]> {
  const found: Found[] = [];
  for await (const item of of.stream(new AbortController().signal)) found.push(item);
  return found;
}

const rowsOf = (found: readonly Found[]) => found.map((item) => (item.kind === 'row' ? item.row : item.code));

describe('a table file', () => {
  it('is delivered row by row with the times of its column', async () => {
    await writeFile(at('rig.csv'), rig.join('\r\n'));
    const found = await all(source(at('rig.csv')));
    expect(found).toHaveLength(10);
    const begin = Date.UTC(2020, 2, 9, 10, 34, 10);
    expect(found[3]).toEqual({
      kind: 'row',
      feed: 'rig',
      machine: 'pump',
      sequence: 3,
      startMs: begin + 6_000,
      endMs: begin + 8_000,
      origin: at('rig.csv'),
      gap: false,
      cells: { datetime: '2020-03-09 10:34:16', Pressure: 3, Current: 0.5 },
      row: 4,
    });
    expect(found[0]).toMatchObject({ gap: true, startMs: begin });
  });

  it('may be compressed, whatever its name', async () => {
    await writeFile(at('packed.csv'), gzipSync(rig.join('\n')));
    expect(rowsOf(await all(source(at('packed.csv'), { rows: parseRowRange('9:') })))).toEqual([9, 10]);
  });

  it('that is compressed and cut short gives its rows, then one trouble', async () => {
    const noise = Array.from({ length: 3_000 }, (_, i) => `${i},${(i * 7919) % 1009}`).join('\n');
    const packed = gzipSync(`a,b\n${noise}\n`);
    await writeFile(at('cut.csv.gz'), packed.subarray(0, packed.length - 2_000));
    const found = await all(source(at('cut.csv.gz')));
    expect(found.length).toBeGreaterThan(100);
    expect(found.at(-1)).toMatchObject({
      code: 'bad-file',
      message: expect.stringMatching(/cut\.csv\.gz: .*cut short/),
    });
  });

  it('has its rows counted with the bad ones, so that ranges mean lines', async () => {
    await writeFile(at('bad.csv'), ['a,b', '1,2', '3', '5,6', '7,8,9', '9,10'].join('\n'));
    expect(rowsOf(await all(source(at('bad.csv'))))).toEqual([1, 'bad-row', 3, 'bad-row', 5]);
    expect(rowsOf(await all(source(at('bad.csv'), { rows: parseRowRange('2:3') })))).toEqual(['bad-row', 3]);
  });

  it('without a time column takes time from the count of rows', async () => {
    await writeFile(at('plain.csv'), 'a\n1\n2\n3\n');
    const found = await all(source(at('plain.csv'), { intervalMs: 250, startMs: 1_000 }));
    expect(found.map((item) => item.kind === 'row' && [item.startMs, item.endMs])).toEqual([
      [1_000, 1_250],
      [1_250, 1_500],
      [1_500, 1_750],
    ]);
  });

  const rowsAt = async (name: string, rows: readonly string[]) => {
    await writeFile(at(name), ['t,a', ...rows.map((row) => (row[0] === ',' ? row : `2020-01-01 ${row}`))].join('\n'));
    const found = await all(source(at(name)));
    const begin = Date.UTC(2020, 0, 1, 10);
    return found.map((item) => (item.kind === 'row' ? item.startMs - begin : `${item.code}: ${item.message}`));
  };

  it('has its late rows left out and said, and a missing time one step after the last', async () => {
    const found = await rowsAt('late.csv', ['10:00:00,1', '10:00:01,1', '09:00:00,1', ',1', '10:00:05,1']);
    expect(found).toEqual([0, 1_000, expect.stringMatching(/^late: .*late\.csv line 4: .*09:00:00/), 2_000, 5_000]);
  });

  it('has its time column found though the first row holds units', async () => {
    await writeFile(at('units.csv'), 'time,p\n-,bar\n2020-01-01 00:00:00,1\n2020-01-01 00:01:00,2\n');
    const rows = (await all(source(at('units.csv')))).map((item) =>
      item.kind === 'row' ? item.startMs : item.message,
    );
    expect(rows.slice(1)).toEqual([Date.UTC(2020, 0, 1), Date.UTC(2020, 0, 1, 0, 1)]);
  });

  it('has a row that comes again left out and said, but not other values at the same time', async () => {
    const found = await rowsAt('again.csv', ['10:00:00,1', '10:00:01,2', '10:00:01,2', '10:00:01,3', '10:00:02,3']);
    expect(found).toEqual([0, 1_000, expect.stringMatching(/^bad-row: .*line 4: .*comes again/), 1_000, 2_000]);
  });

  it('whose clock was set back is followed after ten late rows, with a gap', async () => {
    const late = Array.from({ length: 12 }, (_, i) => `09:00:${10 + i},1`);
    const found = await rowsAt('back.csv', ['10:00:00,1', '10:00:01,1', ...late]);
    expect(found.slice(2, 11).every((line) => /^late/.test(String(line)))).toBe(true);
    expect(found.slice(11)).toEqual([19, 20, 21].map((second) => second * 1_000 - 3_600_000));
    const items = await all(source(at('back.csv')));
    expect(items.flatMap((item) => (item.kind === 'row' && item.gap ? [item.row] : []))).toEqual([1, 12]);
  });

  it.each([
    ['nowhere.csv', /nowhere\.csv: expected a CSV or JSON-lines file, does not exist/],
    ['', /expected a CSV or JSON-lines file, is a folder/],
  ])('that cannot be opened is one error: %j', async (name, message) => {
    await expect(all(source(at(name)))).rejects.toThrow(SourceError);
    await expect(all(source(at(name)))).rejects.toThrow(message);
  });

  it('is read into memory for training, with what was left out', async () => {
    const { rows, skipped } = await readTable({ path: at('bad.csv') });
    expect(rows.map((row) => row.cells.a)).toEqual([1, 5, 9]);
    expect(skipped).toHaveLength(2);
    await expect(readTable({ path: at('bad.csv'), requiredColumns: ['c'] })).rejects.toThrow(
      /expected column "c", found "a", "b"/,
    );
    await expect(readTable({ path: at('bad.csv'), rows: parseRowRange('50:') })).rejects.toThrow(
      /expected rows, found none/,
    );
  });

  it('may come from standard input', async () => {
    const input = Readable.from([Buffer.from('a;b\n1;'), Buffer.from('2\n3;4')]);
    const found = await all(source('-', { input }));
    expect(rowsOf(found)).toEqual([1, 2]);
    expect(found[1]).toMatchObject({ origin: 'standard input', cells: { a: 3, b: 4 } });
  });

  it('from standard input ends when it is stopped, though nothing comes', async () => {
    const input = new Readable({ read() {} });
    const stop = new AbortController();
    input.push('a\n1\n');
    const found: Found[] = [];
    for await (const item of source('-', { input }).stream(stop.signal)) {
      found.push(item);
      setTimeout(() => stop.abort(), 20);
    }
    expect(rowsOf(found)).toEqual([1]);
  });
});

/** Collects what a followed file delivers, and waits for a number of items. */
function follow(path: string, change: Partial<TableSourceOptions> = {}) {
  const stop = new AbortController();
  const found: Found[] = [];
  const done = (async () => {
    for await (const item of source(path, { follow: true, pollMs: 10, ...change }).stream(stop.signal))
      found.push(item);
  })();
  const until = async (count: number) => {
    for (let i = 0; i < 500 && found.length < count; i++) await sleep(10);
    return rowsOf(found);
  };
  const end = async () => {
    stop.abort();
    await done;
  };
  return { found, until, end };
}

describe('a followed table file', () => {
  it('delivers rows as they are completed, from the end', async () => {
    await writeFile(at('live.csv'), 'a,b\n1,2\n3,4\n');
    const tail = follow(at('live.csv'));
    await sleep(60);
    await appendFile(at('live.csv'), '5,6\n7,');
    expect(await tail.until(1)).toEqual([3]);
    await appendFile(at('live.csv'), '8\n9\n');
    expect(await tail.until(3)).toEqual([3, 4, 'bad-row']);
    expect(tail.found[1]).toMatchObject({ cells: { a: 7, b: 8 } });
    await tail.end();
  });

  it('delivers what is there already when asked, in the past', async () => {
    await writeFile(at('old.csv'), 'a\n1\n2\n3\n');
    const tail = follow(at('old.csv'), { fromStart: true, intervalMs: 60_000 });
    expect(await tail.until(3)).toEqual([1, 2, 3]);
    const last = tail.found[2];
    expect(last?.kind === 'row' && last.endMs).toBeLessThanOrEqual(Date.now());
    await tail.end();
  });

  it('is read to its end when it is rotated, and then from the new beginning', async () => {
    await writeFile(at('log.csv'), 'a,b\n1,2\n');
    const tail = follow(at('log.csv'), { fromStart: true });
    await tail.until(1);
    await appendFile(at('log.csv'), '3,4\n5,6');
    await rename(at('log.csv'), at('log.csv.1'));
    await writeFile(at('log.csv'), 'b,a\n8,7\n');
    expect(await tail.until(4)).toEqual([1, 2, 3, 1]);
    expect(tail.found[3]).toMatchObject({ cells: { a: 7, b: 8 }, gap: true, sequence: 3 });
    await tail.end();
  });

  it('is read anew when it is truncated', async () => {
    await writeFile(at('cut.csv'), 'a,b\n1,2\n3,4\n5,6\n');
    const tail = follow(at('cut.csv'), { fromStart: true });
    await tail.until(3);
    await truncate(at('cut.csv'), 0);
    await sleep(60);
    await appendFile(at('cut.csv'), 'a,b\n9,9\n');
    expect(await tail.until(4)).toEqual([1, 2, 3, 1]);
    await tail.end();
  });

  it('is waited for when it is missing, and said once', async () => {
    const tail = follow(at('later.csv'));
    expect(await tail.until(1)).toEqual(['no-data']);
    await sleep(60);
    expect(tail.found).toHaveLength(1);
    expect(tail.found[0]).toMatchObject({ down: true, message: expect.stringMatching(/later\.csv: does not exist/) });
    await writeFile(at('later.csv'), 'a\n1\n');
    expect(await tail.until(2)).toEqual(['no-data', 1]);
    await tail.end();
  });

  it('that is a folder for a while is waited for, too', async () => {
    await mkdir(at('folder.csv'));
    const tail = follow(at('folder.csv'));
    expect(await tail.until(1)).toEqual(['no-data']);
    expect(tail.found[0]).toMatchObject({ down: true, message: expect.stringMatching(/cannot be read \(EISDIR\)/) });
    await rmdir(at('folder.csv'));
    await writeFile(at('folder.csv'), 'a\n1\n');
    expect(await tail.until(2)).toEqual(['no-data', 1]);
    await tail.end();
  });

  it('without a column that is needed says so once, and goes on with the next file', async () => {
    await writeFile(at('wrong.csv'), 'a\n1\n2\n');
    const tail = follow(at('wrong.csv'), { fromStart: true, requiredColumns: ['p'] });
    expect(await tail.until(1)).toEqual(['bad-file']);
    await writeFile(at('right.csv'), 'p\n1\n');
    await rename(at('right.csv'), at('wrong.csv'));
    expect(await tail.until(2)).toEqual(['bad-file', 1]);
    expect((await stat(at('wrong.csv'))).size).toBe(4);
    await tail.end();
  });
});
