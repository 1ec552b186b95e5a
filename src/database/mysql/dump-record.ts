import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";

export interface DumpedMysqlTable {
  name: string;
  /** In the dump's folder. */
  file: string;
  /** In the file, and so in the snapshot that was dumped. */
  rows: number;
}

/** Nothing in it differs between two dumps of the same state. */
export interface MysqlDumpRecord {
  format: 1;
  dialect: "mysql";
  database: string;
  serverVersion: string;
  isMariadb: boolean;
  programVersion: string;
  characterSet: string;
  collation: string;
  tables: DumpedMysqlTable[];
}

const recordFile = "dump.json";

/**
 * The order of loading: tables, their rows, then triggers and routines (which could act on rows, and
 * which views may call), views, and last events, which run by themselves.
 */
export const structureFiles = {
  tables: "tables.sql",
  programs: "programs.sql",
  events: "events.sql",
  views: "views.sql",
} as const;

export async function writeMysqlRecord(folder: string, record: MysqlDumpRecord): Promise<void> {
  const text = `${JSON.stringify(record, null, 2)}\n`;
  await writeFile(join(folder, recordFile), text, { mode: 0o600 });
}

/** @throws StudioError when the folder holds no dump of a MySQL database, or a newer one */
export async function readMysqlRecord(folder: string): Promise<MysqlDumpRecord> {
  try {
    const record = JSON.parse(await readFile(join(folder, recordFile), "utf8")) as MysqlDumpRecord;
    if (record.dialect === "mysql" && record.format === 1) return record;
  } catch {
    // Told below.
  }
  throw new StudioError({
    code: "database.notADump",
    message: `${folder} holds no dump of a MySQL database that this version of studio can read.`,
    exitCode: exitCodes.checkFailed,
  });
}
