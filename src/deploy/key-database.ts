import { existsSync } from "node:fs";
import type { DatabaseAddress } from "../database/address.ts";
import { StudioError, exitCodes } from "../errors.ts";
import { KeyStore, keyTable } from "../keys/key-store.ts";
import type { View } from "./view.ts";

/**
 * Opens the keys of an environment for one action.
 * @throws StudioError `key.table-missing` (exit 2) where the database has no place for keys yet
 */
export async function withKeys<T>(
  { database }: Pick<View, "database">,
  act: (keys: KeyStore) => Promise<T>,
): Promise<T> {
  await requireTable(database);
  const { connectDatabase } = await import("../database/connect.ts");
  const connection = await connectDatabase(database, { pool: { size: 1, overflow: 0 } });
  try {
    return await act(new KeyStore(connection));
  } finally {
    await connection.destroy();
  }
}

async function requireTable(database: DatabaseAddress): Promise<void> {
  if (database.file === null || existsSync(database.file)) {
    const { hasTable } = await import("../database/has-table.ts");
    if (await hasTable(database, keyTable)) return;
  }
  throw new StudioError({
    code: "key.table-missing",
    message: "The environment's database has no table for API keys yet.",
    hint: "`studio deploy` makes it, and so does `studio migrate up`.",
    exitCode: exitCodes.usage,
  });
}
