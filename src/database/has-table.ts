import type { DatabaseAddress } from "./address.ts";
import { createClient } from "./client.ts";

/** @param table `schema.table`, or `table` in the schema where unnamed ones are looked for */
export async function hasTable(address: DatabaseAddress, table: string): Promise<boolean> {
  const client = await createClient(address, {
    applicationName: "studio",
    pool: { min: 0, max: 1 },
    prepareSqlite: () => undefined,
    readOnly: true,
  });
  const at = address.dialect === "postgres" ? table.indexOf(".") : -1;
  try {
    if (at < 0) return await client.schema.hasTable(table);
    return await client.schema.withSchema(table.slice(0, at)).hasTable(table.slice(at + 1));
  } finally {
    await client.destroy();
  }
}
