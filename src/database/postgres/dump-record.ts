import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";
import type { DatabaseProperties } from "./properties.ts";

export interface DumpedTable {
  schema: string;
  name: string;
  /** In the dump's folder; null when a pg_dump newer than studio knows chose the name. */
  file: string | null;
  /** In the snapshot that was dumped. */
  rows: number;
  /** A table of an extension, of which only the operator's own rows are dumped. */
  partial: boolean;
}

/**
 * What a restore needs to know that pg_dump does not write down. It has no time and nothing else
 * that differs between two dumps of the same state.
 */
export interface PostgresDumpRecord {
  format: 1;
  dialect: "postgres";
  database: string;
  serverVersion: string;
  serverMajor: number;
  programVersion: string;
  properties: DatabaseProperties;
  extensions: { name: string; version: string }[];
  /** Roles that the database's objects belong to or are granted to. */
  roles: string[];
  tables: DumpedTable[];
  largeObjects: number;
  /** Roles and tablespaces of the server, and whether with password hashes; null: not dumped. */
  globals: { file: string; rolePasswords: boolean } | null;
}

const recordFile = "dump.json";

export async function writeRecord(folder: string, record: PostgresDumpRecord): Promise<void> {
  const text = `${JSON.stringify(record, null, 2)}\n`;
  await writeFile(join(folder, recordFile), text, { mode: 0o600 });
}

/** @throws StudioError when the folder holds no dump of a PostgreSQL database, or a newer one */
export async function readRecord(folder: string): Promise<PostgresDumpRecord> {
  const text = await readFile(join(folder, recordFile), "utf8").catch(() => "null");
  const record = parse(text);
  if (record?.dialect === "postgres" && record.format === 1) return record as PostgresDumpRecord;
  throw new StudioError({
    code: "database.notADump",
    message:
      record?.dialect === "postgres"
        ? `The dump in ${folder} was made by a newer version of studio.`
        : `${folder} holds no dump of a PostgreSQL database that studio made.`,
    hint:
      record?.dialect === "postgres"
        ? "Restore it with that version, or with pg_restore."
        : undefined,
    exitCode: exitCodes.checkFailed,
  });
}

function parse(text: string): { dialect?: unknown; format?: unknown } | null {
  try {
    return JSON.parse(text) as { dialect?: unknown; format?: unknown } | null;
  } catch {
    return null;
  }
}
