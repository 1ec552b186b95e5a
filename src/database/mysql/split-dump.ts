import { type WriteStream, createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { drained } from "../drained.ts";
import { RowCounter } from "./row-counter.ts";

export interface SplitTable {
  name: string;
  rows: number;
  bytes: number;
}

export interface SplitDump {
  tables: SplitTable[];
  /** The output ends as that of a finished dump. */
  complete: boolean;
}

const newline = 0x0a;
const marker = "-- Dumping data for table `";
/** The statements after the last table give the session its old settings back. */
const tail = "/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;";
const completed = "-- Dump completed";

/**
 * Splits the output of a dump of rows alone into one stream per table. Each begins with the
 * settings that the dump begins with, so that a file can be loaded by itself. A line of the dump
 * can only begin with the marker where a table begins, since line breaks within values are written
 * as `\n`.
 * @param fileOf where the rows of a table go
 */
export async function splitDump(
  output: AsyncIterable<Buffer>,
  fileOf: (table: string) => string,
): Promise<SplitDump> {
  const splitter = new Splitter(fileOf);
  try {
    for await (const lines of linesOf(output)) await splitter.take(lines);
    return await splitter.end();
  } finally {
    splitter.destroy();
  }
}

/** Lines with their line breaks, as many as came at once; a line is as long as a row, at most. */
async function* linesOf(output: AsyncIterable<Buffer>): AsyncGenerator<Buffer[]> {
  let rest: Buffer[] = [];
  for await (const chunk of output) {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const line = chunk.subarray(start, end + 1);
      lines.push(rest.length === 0 ? line : Buffer.concat([...rest, line]));
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
    yield lines;
  }
  if (rest.length > 0) yield [Buffer.concat(rest)];
}

class Splitter {
  readonly #fileOf: (table: string) => string;
  readonly #head: Buffer[] = [];
  readonly #done: SplitTable[] = [];
  #current: { name: string; stream: WriteStream; counter: RowCounter; bytes: number } | null = null;
  #pending: Buffer[] = [];
  #tail: string[] | null = null;

  constructor(fileOf: (table: string) => string) {
    this.#fileOf = fileOf;
  }

  async take(lines: readonly Buffer[]): Promise<void> {
    for (const line of lines) {
      if (this.#current !== null && isRows(line)) {
        this.#current.counter.take(line);
        this.#pending.push(line);
      } else {
        await this.#takeOther(line);
      }
    }
    await this.#flush();
  }

  async #takeOther(line: Buffer): Promise<void> {
    // Which of these lines stand between two tables depends on the tables.
    if (/^(--)?\n$/.test(line.toString("latin1", 0, 4))) return;
    if (this.#tail !== null) {
      this.#tail.push(line.toString());
    } else if (startsWith(line, marker)) {
      await this.#close();
      this.#open(tableName(line.toString()));
      this.#pending.push(...this.#head, line);
    } else if (startsWith(line, tail)) {
      this.#tail = [];
    } else if (this.#current === null) {
      this.#head.push(Buffer.from(line));
    } else {
      this.#pending.push(line);
    }
  }

  async end(): Promise<SplitDump> {
    await this.#close();
    const complete = this.#tail?.some((line) => line.startsWith(completed)) === true;
    return { tables: this.#done, complete };
  }

  destroy(): void {
    this.#current?.stream.destroy();
  }

  #open(name: string): void {
    const stream = createWriteStream(this.#fileOf(name), { mode: 0o600 });
    // A failure to write shows at the end of the stream as well.
    stream.on("error", () => {});
    this.#current = { name, stream, counter: new RowCounter(), bytes: 0 };
  }

  async #flush(): Promise<void> {
    if (this.#current === null || this.#pending.length === 0) return;
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#current.bytes += bytes.length;
    this.#current.stream.write(bytes);
    await drained(this.#current.stream);
  }

  async #close(): Promise<void> {
    await this.#flush();
    if (this.#current === null) return;
    const { name, stream, counter, bytes } = this.#current;
    stream.end();
    await finished(stream);
    this.#current = null;
    this.#done.push({ name, rows: counter.rows, bytes });
  }
}

/** A line of an INSERT statement: its begin, or a row of it. */
function isRows(line: Buffer): boolean {
  return line[0] === 0x28 || line[0] === 0x49;
}

function startsWith(line: Buffer, text: string): boolean {
  return line.length >= text.length && line.toString("latin1", 0, text.length) === text;
}

function tableName(line: string): string {
  return line.slice(marker.length, line.lastIndexOf("`")).replaceAll("``", "`");
}
