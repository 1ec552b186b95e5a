import type { Client } from "pg";
import { besideName } from "../beside-name.ts";
import { qualified, withPostgres } from "./connection.ts";
import type { RestoreTablesOptions, RestoredTable } from "./restore-table.ts";
import { lockTables } from "./table-lock.ts";
import { type TableContent, replaceRows } from "./table-replace.ts";
import { readTableShape } from "./table-shape.ts";
import { defaultLockWait, inTransaction } from "./table-transaction.ts";

/**
 * Gives tables the rows back that a restore replaced, and removes what it kept; a table that it
 * created is dropped. A table whose kept rows are gone is left as it is.
 */
export async function undoRestoreTables(
  options: Pick<RestoreTablesOptions, "address" | "id" | "lockWait" | "signal">,
  restored: readonly Pick<RestoredTable, "schema" | "name" | "method">[],
): Promise<void> {
  await withPostgres(options.address, async (client) => {
    await inTransaction(client, options, async () => {
      const contents: TableContent[] = [];
      for (const { schema, name, method } of restored) {
        const kept = qualified(schema, besideName(name, "before", options.id));
        const shape = await readTableShape(client, schema, name);
        if (method === "created")
          await client.query(`DROP TABLE IF EXISTS ${qualified(schema, name)}`);
        else if (shape !== null && (await tableExists(client, kept))) {
          contents.push({ shape, staging: kept });
        }
      }
      const shapes = contents.map(({ shape }) => shape);
      await lockTables(client, shapes, options.lockWait ?? defaultLockWait);
      await replaceRows(client, contents);
      for (const { staging } of contents) await client.query(`DROP TABLE ${staging}`);
    });
  });
}

/** Drops the rows of before: the restore cannot be undone after this. */
export async function dropKeptTables(
  options: Pick<RestoreTablesOptions, "address" | "id">,
  restored: readonly Pick<RestoredTable, "schema" | "name">[],
): Promise<void> {
  await withPostgres(options.address, async (client) => {
    for (const { schema, name } of restored) {
      const kept = qualified(schema, besideName(name, "before", options.id));
      await client.query(`DROP TABLE IF EXISTS ${kept}`);
    }
  });
}

async function tableExists(client: Client, name: string): Promise<boolean> {
  const { rows } = await client.query("SELECT WHERE to_regclass($1) IS NOT NULL", [name]);
  return rows.length > 0;
}
