import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "pg";
import { StudioError, exitCodes, usageError } from "../../errors.ts";
import { qualified, quoteIdentifier, withPostgres } from "./connection.ts";
import { copyIn } from "./copy-in.ts";
import { type DumpedTable, readRecord } from "./dump-record.ts";
import { besideName } from "../beside-name.ts";
import { type RecreateOptions, recreateTable } from "./recreate-table.ts";
import { lockTables } from "./table-lock.ts";
import { liftLimits, readServer } from "./server.ts";
import { tableRows } from "./table-file.ts";
import { explainRefusal } from "./table-refusal.ts";
import { type Method, type TableContent, replaceRows } from "./table-replace.ts";
import { type TableShape, copiedColumns, readTableShape } from "./table-shape.ts";
import { type TocEntry, readToc } from "./toc.ts";

export interface RestoreTablesOptions extends RecreateOptions {
  /** `schema.table`; without a schema, `public`. */
  tables: readonly string[];
  /** Of the restore: names what is kept. */
  id: string;
  /** How long a lock of another session is waited for, in milliseconds; default 30 seconds. */
  lockWait?: number;
}

const defaultLockWait = 30_000;

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

/**
 * Gives tables the rows back that a restore replaced, and removes what it kept; a table that it
 * created is dropped. A table whose kept rows are gone is left as it is.
 */
export async function undoRestoreTables(
  options: Pick<RestoreTablesOptions, "address" | "id" | "lockWait" | "signal">,
  restored: readonly Pick<RestoredTable, "schema" | "name" | "method">[],
): Promise<void> {
  await withPostgres(options.address, async (client) => {
    await inTransaction(client, options, async () => {
      const contents: TableContent[] = [];
      for (const { schema, name, method } of restored) {
        const kept = qualified(schema, besideName(name, "before", options.id));
        const shape = await readTableShape(client, schema, name);
        if (method === "created")
          await client.query(`DROP TABLE IF EXISTS ${qualified(schema, name)}`);
        else if (shape !== null && (await tableExists(client, kept))) {
          contents.push({ shape, staging: kept });
        }
      }
      const shapes = contents.map(({ shape }) => shape);
      await lockTables(client, shapes, options.lockWait ?? defaultLockWait);
      await replaceRows(client, contents);
      for (const { staging } of contents) await client.query(`DROP TABLE ${staging}`);
    });
  });
}

/** Drops the rows of before: the restore cannot be undone after this. */
export async function dropKeptTables(
  options: Pick<RestoreTablesOptions, "address" | "id">,
  restored: readonly Pick<RestoredTable, "schema" | "name">[],
): Promise<void> {
  await withPostgres(options.address, async (client) => {
    for (const { schema, name } of restored) {
      const kept = qualified(schema, besideName(name, "before", options.id));
      await client.query(`DROP TABLE IF EXISTS ${kept}`);
    }
  });
}

async function refill(
  client: Client,
  options: RestoreTablesOptions,
  present: readonly { table: DumpedTable; shape: TableShape }[],
  entries: readonly TocEntry[],
): Promise<RestoredTable[]> {
  if (present.length === 0) return [];
  return inTransaction(client, options, async () => {
    const contents: TableContent[] = [];
    for (const { table, shape } of present) {
      const staging = `pg_temp.studio_restored_${contents.length}`;
      await stage(client, options, table, shape, staging, entries);
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

async function inTransaction<T>(
  client: Client,
  options: { lockWait?: number; signal?: AbortSignal | undefined },
  work: () => Promise<T>,
): Promise<T> {
  options.signal?.throwIfAborted();
  const { major } = await readServer(client);
  await client.query("BEGIN");
  await liftLimits(client, major, options.lockWait ?? defaultLockWait);
  try {
    const result = await work();
    options.signal?.throwIfAborted();
    await client.query("COMMIT");
    return result;
  } catch (error) {
    // The connection may be gone, which undoes the transaction as well.
    await client.query("ROLLBACK").catch(() => {});
    throw explainRefusal(error) ?? error;
  }
}

async function stage(
  client: Client,
  options: RestoreTablesOptions,
  table: DumpedTable,
  shape: TableShape,
  staging: string,
  entries: readonly TocEntry[],
): Promise<void> {
  const entry = entries.find(({ kind, file }) => kind === "TABLE DATA" && file === table.file);
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
  const rows = tableRows(join(options.from, table.file), options.signal);
  await copyIn(client, `COPY ${staging} (${list}) FROM STDIN`, rows);
  await client.query(`ANALYZE ${staging}`);
}

async function keepRows(client: Client, shape: TableShape, id: string): Promise<void> {
  const kept = qualified(shape.schema, besideName(shape.name, "before", id));
  const columns = shape.columns.map(quoteIdentifier).join(", ");
  const live = qualified(shape.schema, shape.name);
  await client.query(`CREATE TABLE ${kept} AS SELECT ${columns} FROM ONLY ${live}`);
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

async function tableExists(client: Client, name: string): Promise<boolean> {
  const { rows } = await client.query("SELECT WHERE to_regclass($1) IS NOT NULL", [name]);
  return rows.length > 0;
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
