import { join } from "node:path";
import { usageError } from "../../errors.ts";
import { backupWorkDirectory } from "../backup-repository.ts";
import type { View } from "../view.ts";
import { type ServerDatabase, serverDatabase } from "./server-database.ts";

/** The environment's database as backups and restores see it, where it is of a server. */
export async function environmentServer(
  place: Pick<View, "database" | "variables" | "project">,
): Promise<ServerDatabase> {
  const server = await serverDatabase({
    address: place.database,
    env: place.variables,
    scratch: join(backupWorkDirectory(place.project), "programs"),
    rolePasswords: place.project.settings.backup.recipients.length > 0,
  });
  if (server === null) throw usageError("The environment's database is a file, not of a server.");
  return server;
}
