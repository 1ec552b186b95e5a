import { chmod, readdir } from "node:fs/promises";
import { join } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";
import type { DumpedTable } from "./dump-record.ts";
import type { TableCount } from "./snapshot.ts";
import { inspectTableFile } from "./table-file.ts";
import type { TocEntry } from "./toc.ts";

export interface CheckedDump {
  tables: DumpedTable[];
  files: { path: string; table: string; rows: number; bytes: number }[];
  /** Roles that own something. */
  owners: string[];
  warnings: string[];
}

/**
 * Counts the rows in each file and compares them with what was counted in the database.
 * @param entries of the archive; null when its version is not known, and nothing can be compared
 * @throws StudioError (exit 4) when a file holds other rows than its table
 */
export async function checkDump(
  folder: string,
  entries: readonly TocEntry[] | null,
  counts: readonly TableCount[],
  signal?: AbortSignal,
): Promise<CheckedDump> {
  for (const name of await readdir(folder)) await chmod(join(folder, name), 0o600);
  if (entries === null) return unread(counts);
  const expected = new Map(counts.map((count) => [keyOf(count.schema, count.name), count]));
  const result: CheckedDump = { tables: [], files: [], owners: [], warnings: [] };
  for (const { kind, schema, tag, file } of entries) {
    if (kind !== "TABLE DATA" || schema === null || file === null) continue;
    const { rows, bytes } = await inspectTableFile(join(folder, file), signal);
    const count = expected.get(keyOf(schema, tag));
    if (count !== undefined && count.rows !== rows) throw incomplete(count, rows);
    expected.delete(keyOf(schema, tag));
    result.tables.push({ schema, name: tag, file, rows, partial: count === undefined });
    result.files.push({ path: file, table: `${schema}.${tag}`, rows, bytes });
  }
  for (const { schema, name } of expected.values()) {
    result.warnings.push(`pg_dump left the table ${schema}.${name} out; it is not in the dump.`);
  }
  // The archive's own order follows what depends on what.
  result.tables.sort((one, other) => ((one.file ?? "") < (other.file ?? "") ? -1 : 1));
  result.files.sort((one, other) => (one.path < other.path ? -1 : 1));
  result.owners = entries.flatMap(({ owner }) => owner ?? []);
  return result;
}

function keyOf(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}

/** The dump of a pg_dump that is newer than this code is whole, but its files cannot be told. */
function unread(counts: readonly TableCount[]): CheckedDump {
  const warning =
    "This pg_dump is newer than studio knows: the files keep its numbers as names, and their rows " +
    "were not counted. A restore compares the rows of the tables.";
  const tables = counts.map((count) => ({ ...count, file: null, partial: false }));
  return { tables, files: [], owners: [], warnings: [warning] };
}

function incomplete(count: TableCount, rows: number): StudioError {
  return new StudioError({
    code: "database.dumpIncomplete",
    message: `The dump of ${count.schema}.${count.name} holds ${rows} rows, and the table ${count.rows}.`,
    hint: "Run the command again; if it happens again, report it.",
    exitCode: exitCodes.checkFailed,
    details: { table: `${count.schema}.${count.name}`, rows: count.rows, dumped: rows },
  });
}
