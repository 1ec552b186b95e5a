import type { Client } from "pg";
import { StudioError, exitCodes, reasonOf, systemCode } from "../../errors.ts";
import { qualified } from "./connection.ts";
import { type DatabaseProperties, readProperties } from "./properties.ts";
import { type ServerFacts, liftLimits, readServer } from "./server.ts";

export interface TableName {
  schema: string;
  name: string;
}

export interface TableCount extends TableName {
  rows: number;
}

/** One state of the database, which other sessions can join as long as the transaction is open. */
export interface Snapshot {
  /** What `pg_dump --snapshot` takes. */
  id: string;
  server: ServerFacts;
  database: string;
  properties: DatabaseProperties;
  extensions: { name: string; version: string }[];
  /** The roles that own something, or were granted something, in the database. */
  roles: string[];
  /** Tables with rows of their own: no partitioned parents, no members of extensions. */
  tables: TableName[];
  largeObjects: number;
  /** Of the database on the server's disk. */
  bytes: number;
}

/**
 * Begins a transaction that sees one state of the database, and exports that state. It stays open
 * until the connection ends. `REPEATABLE READ` sees exactly what was committed at one instant and
 * waits for nobody; `SERIALIZABLE DEFERRABLE` could wait for ever under load, and its snapshot
 * cannot be exported.
 * https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION
 */
export async function exportSnapshot(client: Client, lockWait: number): Promise<Snapshot> {
  const server = await readServer(client);
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  await liftLimits(client, server.major, lockWait);
  const [row] = (await client.query<SnapshotRow>(snapshotQuery)).rows;
  const properties = await readProperties(client, row?.database ?? "");
  if (row === undefined || properties === null) throw new Error("The snapshot told nothing.");
  const { rows: tables } = await client.query<TableName>(tablesQuery);
  return { ...row, bytes: Number(row.bytes), server, properties, tables };
}

interface SnapshotRow {
  id: string;
  database: string;
  bytes: string;
  extensions: Snapshot["extensions"];
  roles: string[];
  largeObjects: number;
}

const snapshotQuery = `
  SELECT pg_export_snapshot() AS id, current_database()::text AS database,
    pg_database_size(current_database()) AS bytes,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('name', extname, 'version', extversion)
      ORDER BY extname), '[]') FROM pg_extension) AS extensions,
    (SELECT coalesce(jsonb_agg(DISTINCT r.rolname), '[]') FROM pg_shdepend d
      JOIN pg_roles r ON r.oid = d.refobjid AND d.refclassid = 'pg_authid'::regclass
      WHERE d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())) AS roles,
    (SELECT count(*)::int FROM pg_largeobject_metadata) AS "largeObjects"`;

const tablesQuery = `
  SELECT n.nspname::text AS schema, c.relname::text AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_class'::regclass
      AND x.objid = c.oid AND x.deptype = 'e')
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/** Counts the rows of each table itself, without those of tables that inherit from it. */
export async function countTables(
  client: Client,
  tables: readonly TableName[],
  signal?: AbortSignal,
): Promise<TableCount[]> {
  const counts: TableCount[] = [];
  for (const { schema, name } of tables) {
    signal?.throwIfAborted();
    counts.push({ schema, name, rows: await countTable(client, schema, name) });
  }
  return counts;
}

async function countTable(client: Client, schema: string, name: string): Promise<number> {
  try {
    const { rows } = await client.query<{ n: string }>(
      `SELECT count(*) AS n FROM ONLY ${qualified(schema, name)}`,
    );
    return Number(rows[0]?.n);
  } catch (error) {
    throw countFailure(`${schema}.${name}`, error) ?? error;
  }
}

function countFailure(table: string, error: unknown): StudioError | null {
  const code = systemCode(error);
  const exitCode = exitCodes.unavailable;
  if (code === "55P03") {
    return new StudioError({
      code: "database.tableLocked",
      message: `The table ${table} cannot be read: another session holds a lock on it.`,
      hint: "A change of the schema holds the lock. Run the command again when it is through.",
      exitCode,
      details: { table },
    });
  }
  if (code !== "42501") return null;
  return new StudioError({
    code: "database.notReadable",
    message: `The user may not read every row of ${table}: ${reasonOf(error)}.`,
    hint: "Use a user that owns the tables, or grant it pg_read_all_data and BYPASSRLS.",
    exitCode,
    details: { table },
  });
}
