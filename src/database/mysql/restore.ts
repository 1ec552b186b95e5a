import { access } from "node:fs/promises";
import { join } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";
import { besideName } from "../beside-name.ts";
import { type MysqlDumpRecord, readMysqlRecord, structureFiles } from "./dump-record.ts";
import { mysqlDatabase } from "./options-file.ts";
import { readSchema } from "./schema-facts.ts";
import { type MysqlOptions, type MysqlSession, quoteName, withMysql } from "./session.ts";

export interface RestoreMysqlOptions extends MysqlOptions {
  /** The folder of the dump. */
  from: string;
  /** How many tables are written at once, each on a connection of its own. */
  jobs: number;
  say?: (line: string) => void;
}

export interface FilledSchema {
  name: string;
  /** The rows that were counted after the restore; they are those of the dump. */
  tables: { name: string; rows: number }[];
}

/**
 * Creates the schema `<name>_studio_restore_<id>`, loads a dump into it, and compares the rows of
 * every table with the dump's. Triggers, routines and views are loaded too, to see that they can
 * be; the triggers are dropped again, because a table with triggers cannot move to another schema.
 * When anything fails, the schema is dropped.
 */
export function fillMysql(options: RestoreMysqlOptions, id: string): Promise<FilledSchema> {
  const name = besideName(mysqlDatabase(options.address), "restore", id);
  return withMysql(options, (session) => fill(session, options, name));
}

/**
 * Proves that a dump can be restored: loads it into a schema of its own, compares the rows, and
 * drops it again, whatever happens.
 */
export async function drillMysql(options: RestoreMysqlOptions, id: string): Promise<FilledSchema> {
  const name = besideName(mysqlDatabase(options.address), "drill", id);
  return withMysql(options, async (session) => {
    const filled = await fill(session, options, name);
    await dropSchema(session, name);
    return filled;
  });
}

async function fill(
  session: MysqlSession,
  options: RestoreMysqlOptions,
  name: string,
): Promise<FilledSchema> {
  const record = await readMysqlRecord(options.from);
  const { characterSet, collation } = record;
  const schema = quoteName(name);
  options.say?.(`Restoring into ${name} with ${session.programs.client.version}.`);
  try {
    await session.query(
      `DROP DATABASE IF EXISTS ${schema};
       CREATE DATABASE ${schema} CHARACTER SET ${characterSet} COLLATE ${collation};`,
    );
    await session.load(join(options.from, structureFiles.tables), name);
    await loadRows(session, options, record, name);
    const tables = await verify(session, record, name);
    await loadActive(session, options.from, name);
    await dropTriggers(session, name);
    return { name, tables };
  } catch (error) {
    await discard(options, name);
    throw error;
  }
}

/** With a session of its own, which an abort of the restore does not end. */
async function discard(options: MysqlOptions, name: string): Promise<void> {
  // A server that is gone keeps the schema; the next restore of the same id drops it first.
  await withMysql({ ...options, signal: undefined }, (session) => dropSchema(session, name)).catch(
    () => {},
  );
}

async function loadRows(
  session: MysqlSession,
  { from, jobs }: RestoreMysqlOptions,
  record: MysqlDumpRecord,
  name: string,
): Promise<void> {
  const waiting = record.tables.toSorted((one, other) => other.rows - one.rows);
  const work = async (): Promise<void> => {
    for (let table = waiting.shift(); table !== undefined; table = waiting.shift()) {
      await session.load(join(from, table.file), name);
    }
  };
  const results = await Promise.allSettled(Array.from({ length: jobs }, work));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** Loads triggers, routines and views; those that are there are replaced. */
export async function loadActive(
  session: MysqlSession,
  folder: string,
  name: string,
): Promise<void> {
  for (const file of [structureFiles.programs, structureFiles.views]) {
    const path = join(folder, file);
    if (await exists(path)) await session.load(path, name);
  }
}

async function verify(
  session: MysqlSession,
  record: MysqlDumpRecord,
  name: string,
): Promise<FilledSchema["tables"]> {
  const tables: FilledSchema["tables"] = [];
  const problems: string[] = [];
  for (const table of record.tables) {
    const place = `${quoteName(name)}.${quoteName(table.name)}`;
    const [row] = await session.query(`SELECT COUNT(*) FROM ${place};`);
    const rows = Number(row?.[0]);
    tables.push({ name: table.name, rows });
    if (rows !== table.rows) {
      problems.push(`${table.name} has ${rows} rows instead of ${table.rows}`);
    }
  }
  if (problems.length === 0) return tables;
  throw new StudioError({
    code: "database.restoreDiffers",
    message: `The restored database is not what was dumped: ${problems[0]}.`,
    hint: "Restore an earlier snapshot: studio backup list.",
    exitCode: exitCodes.checkFailed,
    details: { problems },
  });
}

export async function dropTriggers(session: MysqlSession, name: string): Promise<void> {
  const schema = await readSchema(session, name);
  const drops = (schema?.triggers ?? []).map(
    (trigger) => `DROP TRIGGER IF EXISTS ${quoteName(name)}.${quoteName(trigger)};`,
  );
  if (drops.length > 0) await session.query(drops.join("\n"));
}

export async function dropSchema(session: MysqlSession, name: string): Promise<void> {
  await session.query(`DROP DATABASE IF EXISTS ${quoteName(name)};`);
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
