import { existsSync } from "node:fs";
import type { DatabaseAddress } from "../database/address.ts";
import { openSqliteFile } from "../sqlite/open.ts";
import { openReadOnlySession } from "../database/session.ts";
import { type AppliedMigration, appliedMigration, journalTable, readJournal } from "./journal.ts";

/**
 * The journal of a database that nobody else has open here; empty where there is neither a journal
 * nor a SQLite file. Nothing is created. A SQLite file is read without the query builder, whose
 * start takes longer than all the rest.
 */
export async function lookAtJournal(database: DatabaseAddress): Promise<AppliedMigration[]> {
  if (database.file !== null) return readSqliteJournal(database.file);
  const session = await openReadOnlySession(database, { applicationName: "studio" });
  if (session === null) return [];
  try {
    return await readJournal(session);
  } finally {
    await session.destroy();
  }
}

function readSqliteJournal(file: string): AppliedMigration[] {
  if (!existsSync(file)) return [];
  const connection = openSqliteFile(file, { readonly: true, timeout: 5000 });
  try {
    const table = connection
      .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?")
      .get(journalTable);
    if (table === undefined) return [];
    const rows = connection.prepare(`SELECT * FROM ${journalTable} ORDER BY sequence`).all();
    return (rows as Record<string, unknown>[]).map(appliedMigration);
  } finally {
    connection.close();
  }
}
