import type { Connection, RowDataPacket } from "mysql2/promise";
import type { TableSize } from "../table-sizes.ts";

const query = `
  SELECT TABLE_NAME AS name, TABLE_ROWS AS estimate,
    COALESCE(DATA_LENGTH, 0) + COALESCE(INDEX_LENGTH, 0) AS bytes
  FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'BASE TABLE'`;

/** Rows as the server estimates them, and bytes with indexes, of all tables. */
export async function readMysqlSizes(
  connection: Connection,
  database: string,
): Promise<Map<string, TableSize>> {
  const [rows] = await connection.query<RowDataPacket[]>(query, [database]);
  return new Map(
    rows.map((row) => {
      const estimate = row["estimate"];
      const size = {
        rows: estimate === null ? null : Number(estimate),
        bytes: Number(row["bytes"]),
      };
      return [String(row["name"]), size];
    }),
  );
}

/** Tables with more bytes than `limit`. */
export async function largeTables(
  connection: Connection,
  database: string,
  limit: number,
): Promise<string[]> {
  const sizes = await readMysqlSizes(connection, database);
  return [...sizes].flatMap(([name, { bytes }]) => ((bytes ?? 0) > limit ? [name] : [])).sort();
}
