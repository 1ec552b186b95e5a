import type { Connection, RowDataPacket } from "mysql2/promise";

/** The numbers of InnoDB's tables: a table that is built anew gets another one. */
export type TableIds = Map<string, string>;

/** MySQL's name of the view, then MariaDB's. */
const views = ["INNODB_TABLES", "INNODB_SYS_TABLES"];

/** @returns null where the user may not see them (PROCESS is needed), or there are none */
export async function readTableIds(
  connection: Connection,
  database: string,
): Promise<TableIds | null> {
  for (const view of views) {
    try {
      const [rows] = await connection.query<RowDataPacket[]>(
        `SELECT NAME AS name, TABLE_ID AS id FROM information_schema.${view} WHERE NAME LIKE ?`,
        [`${encodeName(database).replace(/[\\%_]/g, "\\$&")}/%`],
      );
      return idsOf(rows as { name: string; id: number }[]);
    } catch {
      // The other view, or none.
    }
  }
  return null;
}

/** A partitioned table has several, one for each part. */
function idsOf(rows: { name: string; id: number | string }[]): TableIds {
  const ids: TableIds = new Map();
  for (const { name, id } of rows.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    const table = decodeName(name.slice(name.indexOf("/") + 1).replace(/#p#.*$/i, ""));
    ids.set(table, [ids.get(table), id].filter((one) => one !== undefined).join(","));
  }
  return ids;
}

/** As names are written in names of files: `my@002dshop` for `my-shop`. */
function encodeName(name: string): string {
  return name.replace(/[^\w]/g, (character) => {
    return `@${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

function decodeName(name: string): string {
  return name.replace(/@([0-9a-f]{4})/g, (_all, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
