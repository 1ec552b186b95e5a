import { usageError } from "../errors.ts";
import { type MovedMigration, moveMigration } from "../migrate/move.ts";
import { liveMigrationFolders } from "./project-folders.ts";
import { schemaStatus } from "./schema-status.ts";
import { listMigrations } from "../migrate/source.ts";
import type { View } from "./view.ts";

/** Gives the file of a pending migration the present time. */
export async function movePending(view: View, name: string): Promise<MovedMigration> {
  const { pending } = await schemaStatus(view);
  const migration = pending.find((one) => one.name === name);
  if (migration === undefined) {
    throw usageError(
      `No pending migration is called ${name}.`,
      "`studio migrate status` shows which are pending.",
    );
  }
  return moveMigration(migration, listMigrations(liveMigrationFolders(view)), view.desk.now());
}
