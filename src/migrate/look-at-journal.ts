import { existsSync } from "node:fs";
import type { DatabaseAddress } from "../database/address.ts";
import { systemCode } from "../errors.ts";
import { openSqliteFile } from "../sqlite/open.ts";
import { type AppliedMigration, appliedMigration, journalTable } from "./journal.ts";

type Row = Record<string, unknown>;

const query = `SELECT * FROM ${journalTable} ORDER BY sequence`;

/**
 * The journal of a database that nobody else has open here; empty where there is neither a journal
 * nor a SQLite file. Nothing is created. It is read without the query builder, whose start takes
 * longer than all the rest.
 */
export async function lookAtJournal(database: DatabaseAddress): Promise<AppliedMigration[]> {
  const rows = await readers[database.dialect](database);
  return rows.map(appliedMigration);
}

const readers: Record<DatabaseAddress["dialect"], (database: DatabaseAddress) => Promise<Row[]>> = {
  async sqlite({ file }) {
    if (file === null || !existsSync(file)) return [];
    const connection = openSqliteFile(file, { readonly: true, timeout: 5000 });
    try {
      const table = connection
        .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?")
        .get(journalTable);
      return table === undefined ? [] : (connection.prepare(query).all() as Row[]);
    } finally {
      connection.close();
    }
  },
  async postgres(database) {
    const { postgresConnection } = await import("../database/client.ts");
    const { default: pg } = await import("pg");
    const client = new pg.Client(postgresConnection(database, "studio"));
    // Without a listener, a server that goes away would end the process.
    client.on("error", () => {});
    await client.connect();
    try {
      // undefined_table (PostgreSQL, appendix A)
      return await unlessMissing("42P01", async () => (await client.query<Row>(query)).rows);
    } finally {
      await client.end();
    }
  },
  async mysql(database) {
    const { mysqlConnection } = await import("../database/client.ts");
    const { createConnection } = await import("mysql2/promise");
    const connection = await createConnection(mysqlConnection(database));
    try {
      return await unlessMissing("ER_NO_SUCH_TABLE", async () => {
        const [rows] = await connection.query(query);
        return rows as Row[];
      });
    } finally {
      await connection.end();
    }
  },
};

async function unlessMissing(code: string, read: () => Promise<Row[]>): Promise<Row[]> {
  try {
    return await read();
  } catch (error) {
    if (systemCode(error) === code) return [];
    throw error;
  }
}
