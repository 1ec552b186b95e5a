import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";
import { dumpFileName } from "../dump-file-name.ts";
import { prepareDumpFolder } from "../dump-folder.ts";
import { type MysqlDumpRecord, structureFiles, writeMysqlRecord } from "./dump-record.ts";
import { mysqlDatabase } from "./options-file.ts";
import type { MysqlProgram } from "./programs.ts";
import { type MysqlSchema, readSchema } from "./schema-facts.ts";
import { type MysqlOptions, type MysqlSession, withMysql } from "./session.ts";
import { type SplitDump, type SplitTable, splitDump } from "./split-dump.ts";

export interface DumpMysqlOptions extends MysqlOptions {
  /** A folder that does not exist yet or is empty; it is made readable by its owner alone. */
  into: string;
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
  const tables = await dumpRows(session, database, into);
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

/** What both families need for a dump that is the same for the same state. */
function commonArguments(program: MysqlProgram): string[] {
  const shared = [
    "--skip-dump-date",
    "--skip-lock-tables",
    "--hex-blob",
    "--no-tablespaces",
    "--quick",
  ];
  // Words of MySQL's own program, which asks older servers for what they do not have.
  return program.family === "mysql"
    ? [...shared, "--column-statistics=0", "--set-gtid-purged=OFF"]
    : shared;
}

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

async function dumpStructure(
  session: MysqlSession,
  schema: MysqlSchema,
  database: string,
  into: string,
  suffix: string,
): Promise<void> {
  const withoutViews = schema.views.map((view) => `--ignore-table=${database}.${view}`);
  const argv = [...structureArguments(session), "--skip-triggers", ...withoutViews, "--", database];
  await session.dump(argv, join(into, `${structureFiles.tables}${suffix}`));
  await dumpActive(session, schema, database, into, suffix);
}

function structureArguments(session: MysqlSession): string[] {
  return [...commonArguments(session.programs.dump), "--no-data"];
}

/** Dumps what has no rows: triggers and routines, events, views. */
export async function dumpActive(
  session: MysqlSession,
  schema: MysqlSchema,
  database: string,
  into: string,
  suffix = "",
): Promise<void> {
  const common = structureArguments(session);
  const { programs, events, views } = structureFiles;
  const to = (file: string): string => join(into, `${file}${suffix}`);
  const alone = [...common, "--no-create-info"];
  await session.dump([...alone, "--triggers", "--routines", "--", database], to(programs));
  await session.dump([...alone, "--skip-triggers", "--events", "--", database], to(events));
  if (schema.views.length === 0) return;
  await session.dump([...common, "--skip-triggers", "--", database, ...schema.views], to(views));
}

/** Compares the definitions of before and after, and removes the second set. */
async function checkUnchanged(into: string): Promise<void> {
  for (const file of Object.values(structureFiles)) {
    const before = await definitions(join(into, file));
    const after = await definitions(join(into, `${file}.after`));
    await rm(join(into, `${file}.after`), { force: true });
    if (before !== after) throw schemaChanged();
  }
}

/** Without the counters that move on with every row. */
async function definitions(path: string): Promise<string | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  return text?.replace(/ AUTO_INCREMENT=\d+/g, "").replace(/^DO SETVAL\(.*$/gm, "") ?? null;
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

function schemaChanged(): StudioError {
  return new StudioError({
    code: "database.schemaChanged",
    message: "The definitions of the database changed while it was dumped.",
    hint: "Run the command again when the migration is through.",
    exitCode: exitCodes.unavailable,
  });
}
