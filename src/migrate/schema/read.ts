import type { Knex } from "knex";
import type { Dialect } from "../../database/address.ts";
import type { Schema } from "./model.ts";

/**
 * Reads what the database of a connection is made of: the same value for the same schema,
 * whatever order things were created in, except for the columns of a table. What begins with
 * `studio_`, what the database itself or an extension made, owners and rights are left out.
 * PostgreSQL: all schemas but the system's. The session may be a transaction.
 */
export async function readSchema(session: Knex, dialect: Dialect): Promise<Schema> {
  if (dialect === "postgres") {
    const { readPostgres } = await import("./postgres/read.ts");
    return readPostgres(session);
  }
  if (dialect === "mysql") {
    const { readMysql } = await import("./mysql/read.ts");
    return readMysql(session);
  }
  const { readSqlite } = await import("./sqlite/read.ts");
  return readSqlite(session);
}
