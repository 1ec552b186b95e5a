import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "pg";
import { StudioError, exitCodes, usageError } from "../../errors.ts";
import { besideName } from "../beside-name.ts";
import { qualified, withPostgres } from "./connection.ts";
import { type DumpedTable, readRecord } from "./dump-record.ts";
import { type RecreateOptions, recreateTable } from "./recreate-table.ts";
import { lockTables } from "./table-lock.ts";
import { type Method, type TableContent, replaceRows } from "./table-replace.ts";
import { type TableShape, readTableShape } from "./table-shape.ts";
import { keepRows, stageRows } from "./table-staging.ts";
import { defaultLockWait, inTransaction } from "./table-transaction.ts";
import { type TocEntry, readToc } from "./toc.ts";

export interface RestoreTablesOptions extends RecreateOptions {
  /** `schema.table`; without a schema, `public`. */
  tables: readonly string[];
  /** Of the restore: names what is kept. */
  id: string;
  /** How long a lock of another session is waited for, in milliseconds; default 30 seconds. */
  lockWait?: number;
}

export interface RestoredTable {
  schema: string;
  name: string;
  rows: number;
  method: Method | "created";
  /** The table beside it that holds the rows of before; null for a created one. */
  keptAs: string | null;
  notes: string[];
}

/**
 * Restores single tables into the live database. A table that is there keeps its definition and
 * gets the rows of the dump, all tables in one transaction (see `replaceRows`); its rows of before
 * are kept in `<table>_studio_before_<id>`. A table that is not there is created with its indexes,
 * constraints, triggers, sequences and grants.
 * @throws StudioError when the table's columns are others now, or when a constraint does not hold
 */
export async function restorePostgresTables(
  options: RestoreTablesOptions,
): Promise<RestoredTable[]> {
  const { address, from } = options;
  const record = await readRecord(from);
  const wanted = findTables(record.tables, options.tables, from);
  const entries = readToc(await readFile(join(from, "toc.dat")))?.entries ?? [];
  return withPostgres(address, async (client) => {
    const absent: DumpedTable[] = [];
    const present: { table: DumpedTable; shape: TableShape }[] = [];
    for (const table of wanted) {
      const shape = await readTableShape(client, table.schema, table.name);
      if (shape === null) absent.push(table);
      else present.push({ table, shape: usable(shape) });
    }
    const created: RestoredTable[] = [];
    for (const table of absent) created.push(await recreateTable(client, options, table, entries));
    return [...created, ...(await refill(client, options, present, entries))];
  });
}

async function refill(
  client: Client,
  options: RestoreTablesOptions,
  present: readonly { table: DumpedTable; shape: TableShape }[],
  entries: readonly TocEntry[],
): Promise<RestoredTable[]> {
  if (present.length === 0) return [];
  const { from, signal } = options;
  return inTransaction(client, options, async () => {
    const contents: TableContent[] = [];
    for (const { table, shape } of present) {
      const staging = `pg_temp.studio_restored_${contents.length}`;
      await stageRows(client, { from, entries, signal }, table, shape, staging);
      contents.push({ shape, staging });
    }
    await lockTables(
      client,
      present.map(({ shape }) => shape),
      options.lockWait ?? defaultLockWait,
    );
    for (const { shape } of present) await keepRows(client, shape, options.id);
    const methods = await replaceRows(client, contents);
    for (const { table } of present) await checkRows(client, table);
    return present.map(({ table, shape }) => describe(table, shape, methods, options.id));
  });
}

async function checkRows(client: Client, table: DumpedTable): Promise<void> {
  const { rows } = await client.query<{ n: string }>(
    `SELECT count(*) AS n FROM ONLY ${qualified(table.schema, table.name)}`,
  );
  const found = Number(rows[0]?.n);
  if (found === table.rows) return;
  throw new StudioError({
    code: "database.restoreDiffers",
    message: `${table.schema}.${table.name} would have ${found} rows instead of ${table.rows}. Nothing was changed.`,
    exitCode: exitCodes.checkFailed,
  });
}

function describe(
  table: DumpedTable,
  shape: TableShape,
  methods: ReadonlyMap<TableShape, Method>,
  id: string,
): RestoredTable {
  const { schema, name, rows } = table;
  const views = shape.materializedViews;
  const notes = views.map(
    (view) => `${view} shows the rows of before: REFRESH MATERIALIZED VIEW ${view};`,
  );
  const keptAs = `${schema}.${besideName(name, "before", id)}`;
  return { schema, name, rows, method: methods.get(shape) ?? "replaced", keptAs, notes };
}

function usable(shape: TableShape): TableShape {
  if (!shape.hasRules) return shape;
  throw usageError(
    `${shape.schema}.${shape.name} has rules that rewrite what is written to it.`,
    "Restore the whole database, or drop the rules first.",
  );
}

function findTables(
  dumped: readonly DumpedTable[],
  wanted: readonly string[],
  from: string,
): DumpedTable[] {
  return wanted.map((text) => {
    const found = dumped.filter(
      ({ schema, name }) => text === `${schema}.${name}` || (schema === "public" && text === name),
    );
    if (found.length === 1 && found[0] !== undefined && !found[0].partial) return found[0];
    throw usageError(
      `The dump in ${from} has no rows of a table ${text}.`,
      `It has ${dumped.map(({ schema, name }) => `${schema}.${name}`).join(", ")}. A partitioned table is restored by its partitions.`,
    );
  });
}
