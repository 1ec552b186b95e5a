import { join } from "node:path";
import type { Client } from "pg";
import { StudioError, exitCodes } from "../../errors.ts";
import { besideName } from "../beside-name.ts";
import { qualified, quoteIdentifier } from "./connection.ts";
import { copyIn } from "./copy-in.ts";
import type { DumpedTable } from "./dump-record.ts";
import { tableRows } from "./table-file.ts";
import { type TableShape, copiedColumns } from "./table-shape.ts";
import type { TocEntry } from "./toc.ts";

export interface StagedDump {
  /** The folder of the dump. */
  from: string;
  entries: readonly TocEntry[];
  signal?: AbortSignal | undefined;
}

/**
 * Fills a temporary table with the rows of the dump, without a lock on the live one.
 * @throws StudioError (exit 4) when the live table has other columns
 */
export async function stageRows(
  client: Client,
  dump: StagedDump,
  table: DumpedTable,
  shape: TableShape,
  staging: string,
): Promise<void> {
  const entry = dump.entries.find(({ kind, file }) => kind === "TABLE DATA" && file === table.file);
  if (table.file === null || entry?.copyStatement == null) throw unreadable(table);
  const columns = copiedColumns(entry.copyStatement);
  const difference = [
    ...shape.columns.filter((name) => !columns.includes(name)).map((name) => `${name} is new`),
    ...columns.filter((name) => !shape.columns.includes(name)).map((name) => `${name} is gone`),
  ];
  if (difference.length > 0) throw otherColumns(table, difference);
  const list = columns.map(quoteIdentifier).join(", ");
  const live = qualified(shape.schema, shape.name);
  await client.query(`CREATE TEMPORARY TABLE ${staging} ON COMMIT DROP AS
    SELECT ${list} FROM ONLY ${live} WITH NO DATA`);
  const rows = tableRows(join(dump.from, table.file), dump.signal);
  await copyIn(client, `COPY ${staging} (${list}) FROM STDIN`, rows);
  await client.query(`ANALYZE ${staging}`);
}

/** Keeps the rows of before in a table of their own, which the restore leaves. */
export async function keepRows(client: Client, shape: TableShape, id: string): Promise<void> {
  const kept = qualified(shape.schema, besideName(shape.name, "before", id));
  const columns = shape.columns.map(quoteIdentifier).join(", ");
  const live = qualified(shape.schema, shape.name);
  await client.query(`CREATE TABLE ${kept} AS SELECT ${columns} FROM ONLY ${live}`);
}

function unreadable(table: DumpedTable): StudioError {
  return new StudioError({
    code: "database.dumpUnknown",
    message: `The dump was made by a newer pg_dump than studio knows: ${table.schema}.${table.name} cannot be restored alone.`,
    hint: "Restore the whole database.",
    exitCode: exitCodes.unavailable,
  });
}

function otherColumns(table: DumpedTable, difference: string[]): StudioError {
  return new StudioError({
    code: "database.otherColumns",
    message: `${table.schema}.${table.name} has other columns now than in the dump: ${difference.join(", ")}. Nothing was changed.`,
    hint: "Migrate back to the schema of the dump first, or restore the whole database.",
    exitCode: exitCodes.checkFailed,
    details: { difference },
  });
}
