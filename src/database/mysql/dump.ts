import { rm } from "node:fs/promises";
import { join } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";
import { dumpFileName } from "../dump-file-name.ts";
import { prepareDumpFolder } from "../dump-folder.ts";
import { type FolderProgress, watchFolder } from "../folder-progress.ts";
import { type MysqlDumpRecord, writeMysqlRecord } from "./dump-record.ts";
import { checkUnchanged, commonArguments, dumpStructure, schemaChanged } from "./dump-structure.ts";
import { mysqlDatabase } from "./options-file.ts";
import { type MysqlSchema, readSchema } from "./schema-facts.ts";
import { type MysqlOptions, type MysqlSession, withMysql } from "./session.ts";
import { type SplitDump, type SplitTable, splitDump } from "./split-dump.ts";

export interface DumpMysqlOptions extends MysqlOptions {
  /** A folder that does not exist yet or is empty; it is made readable by its owner alone. */
  into: string;
  onProgress?: (progress: FolderProgress) => void;
  say?: (line: string) => void;
}

export interface MysqlDump {
  folder: string;
  record: MysqlDumpRecord;
  files: { path: string; table: string; rows: number; bytes: number }[];
  /** Of the database on the server's disk, roughly. */
  databaseBytes: number;
  /** What the dump does not hold or does not hold of one instant, in sentences. */
  warnings: string[];
}

/**
 * Dumps a database that is in use into a folder: one file of rows per table, the definitions in
 * three files, and `dump.json`. All rows come from one run of the dump program, in one transaction
 * that sees one instant; they are counted in what it wrote. The definitions are read before and
 * after, and must not have changed: MySQL has no snapshot of those. When it fails, the folder is
 * removed.
 */
export async function dumpMysql(options: DumpMysqlOptions): Promise<MysqlDump> {
  const { into } = options;
  options.signal?.throwIfAborted();
  await prepareDumpFolder(into);
  try {
    return await withMysql(options, (session) => dump(session, options));
  } catch (error) {
    await rm(into, { recursive: true, force: true, maxRetries: 5 });
    throw error;
  }
}

async function dump(session: MysqlSession, options: DumpMysqlOptions): Promise<MysqlDump> {
  const { into, say } = options;
  const database = mysqlDatabase(options.address);
  const schema = await readSchema(session, database);
  if (schema === null) throw noSuchDatabase(database);
  say?.(`Dumping ${schema.tables.length} tables with ${session.programs.dump.version}.`);
  await dumpStructure(session, schema, database, into, "");
  const watching = watchFolder(into, schema.bytes, options.onProgress);
  const tables = await dumpRows(session, database, into).finally(() => watching.stop());
  await dumpStructure(session, schema, database, into, ".after");
  await checkUnchanged(into);
  checkComplete(schema, tables);
  const record = describe(session, schema, database, tables);
  await writeMysqlRecord(into, record);
  const files = tables.map(({ name, rows, bytes }) => ({
    path: fileOf(name),
    table: name,
    rows,
    bytes,
  }));
  return {
    folder: into,
    record,
    files,
    databaseBytes: schema.bytes,
    warnings: warningsFor(schema),
  };
}

const fileOf = (table: string): string => dumpFileName(["table", table], "sql");

async function dumpRows(
  session: MysqlSession,
  database: string,
  into: string,
): Promise<SplitTable[]> {
  const argv = [
    ...commonArguments(session.programs.dump),
    "--single-transaction",
    "--no-create-info",
    "--skip-triggers",
    "--order-by-primary",
    // Tables are loaded side by side, and nobody else sees them meanwhile.
    "--skip-add-locks",
    "--no-autocommit",
    "--",
    database,
  ];
  let split: SplitDump = { tables: [], complete: false };
  await session.dump(argv, async (stdout) => {
    split = await splitDump(stdout, (table) => join(into, fileOf(table)));
  });
  if (split.complete) return split.tables;
  throw new StudioError({
    code: "database.dumpIncomplete",
    message: "The dump ended before its last line.",
    hint: "Run the command again.",
    exitCode: exitCodes.checkFailed,
  });
}

function checkComplete(schema: MysqlSchema, tables: readonly SplitTable[]): void {
  const dumped = new Set(tables.map(({ name }) => name));
  const missing = schema.tables.filter(({ name, kind }) => kind === "table" && !dumped.has(name));
  if (missing.length > 0 || dumped.size > schema.tables.length) throw schemaChanged();
}

function describe(
  session: MysqlSession,
  schema: MysqlSchema,
  database: string,
  tables: readonly SplitTable[],
): MysqlDumpRecord {
  const { serverVersion, isMariadb, characterSet, collation } = schema;
  return {
    format: 1,
    dialect: "mysql",
    database,
    serverVersion,
    isMariadb,
    programVersion: session.programs.dump.version,
    characterSet,
    collation,
    tables: tables.map(({ name, rows }) => ({ name, file: fileOf(name), rows })),
  };
}

function warningsFor(schema: MysqlSchema): string[] {
  const loose = schema.tables.filter(
    ({ kind, transactional }) => kind === "table" && !transactional,
  );
  const list = loose.map(({ name, engine }) => `${name} (${engine})`).join(", ");
  return loose.length === 0
    ? []
    : [
        `The dump is not of one instant for tables without transactions: ${list}. ALTER TABLE … ENGINE=InnoDB mends it.`,
      ];
}

function noSuchDatabase(database: string): StudioError {
  return new StudioError({
    code: "database.unavailable",
    message: `The server has no database ${database}, or hides it from this user.`,
    hint: "Create the database, or correct the name in the database URL.",
    exitCode: exitCodes.unavailable,
  });
}
