import type { Knex } from "knex";
import type { DatabaseAddress, Dialect } from "../database/address.ts";
import { openReadOnlySession } from "../database/session.ts";
import { reachingDatabase } from "../database/session-failure.ts";
import { journalTable } from "./journal.ts";
import { logTable } from "./log.ts";

/**
 * Statements that would make the schema as it is now, in an order that works: what is new, and what
 * the running release may use, is told apart by them.
 */
export async function presentSchema(session: Knex, dialect: Dialect): Promise<string[]> {
  if (dialect === "sqlite") return storedStatements(session);
  const { readSchema } = await import("./schema/read.ts");
  const { emptySchema } = await import("./schema/model.ts");
  const { generateMigration } = await import("./schema/generate.ts");
  const declared = await readSchema(session, dialect);
  const { files } = generateMigration({ live: emptySchema(dialect), declared });
  return files.flatMap(({ up }) => up.map(({ sql }) => sql));
}

/** The same of a database that is not open; none where there is no SQLite file. Only reads. */
export function lookAtPresentSchema(database: DatabaseAddress): Promise<string[]> {
  return reachingDatabase(database, async () => {
    const session = await openReadOnlySession(database, { applicationName: "studio" });
    if (session === null) return [];
    try {
      return await presentSchema(session, database.dialect);
    } finally {
      await session.destroy();
    }
  });
}

/** SQLite keeps them; those of studio's journal and of what SQLite makes by itself are left out. */
async function storedStatements(session: Knex): Promise<string[]> {
  const rows = await session.raw<{ sql: string }[]>(
    `SELECT sql FROM main.sqlite_schema
      WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite@_%' ESCAPE '@'
        AND tbl_name NOT IN ('${journalTable}', '${logTable}')
        AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
      ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 WHEN 'view' THEN 2 ELSE 3 END, rowid`,
  );
  return rows.map(({ sql }) => sql);
}
