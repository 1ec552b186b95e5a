import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { StudioError, exitCodes } from "../../errors.ts";

/** What pg_dump writes after the last row: the end of the data, then two empty lines. */
const terminator = Buffer.from("\\.\n\n\n");
const newline = 0x0a;

export interface TableFile {
  bytes: number;
  rows: number;
}

/**
 * Counts the rows in a table's file: in the text format of COPY a row is a line, since a line
 * break within a value is written as `\n`.
 * @throws StudioError (exit 4) when the file does not end as a complete one does
 */
export async function inspectTableFile(path: string, signal?: AbortSignal): Promise<TableFile> {
  const bytes = await rowBytes(path);
  let rows = 0;
  if (bytes > 0) {
    for await (const chunk of rowStream(path, bytes, signal)) rows += countLines(chunk);
  }
  return { bytes: bytes + terminator.length, rows };
}

/** The rows as bytes, without what ends them. */
export async function* tableRows(path: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const bytes = await rowBytes(path);
  if (bytes > 0) yield* rowStream(path, bytes, signal);
}

function rowStream(path: string, bytes: number, signal?: AbortSignal): AsyncIterable<Buffer> {
  return createReadStream(path, { end: bytes - 1, highWaterMark: 256 * 1024, signal });
}

async function rowBytes(path: string): Promise<number> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    const end = Buffer.alloc(terminator.length);
    const start = size - terminator.length;
    if (start >= 0) await handle.read(end, 0, end.length, start);
    if (end.equals(terminator)) return start;
  } finally {
    await handle.close();
  }
  throw new StudioError({
    code: "database.dumpDamaged",
    message: `${path} is not a complete file of a table's rows.`,
    exitCode: exitCodes.checkFailed,
  });
}

function countLines(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) lines += 1;
  return lines;
}
