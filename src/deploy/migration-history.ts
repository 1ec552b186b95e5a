import { openReadOnlySession } from "../database/session.ts";
import { reachingDatabase } from "../database/session-failure.ts";
import { type LoggedMigration, readLog } from "../migrate/log.ts";
import type { View } from "./view.ts";

/** Everything that was ever done to the schema by migrations, oldest first. */
export async function migrationHistory({
  database,
}: Pick<View, "database">): Promise<LoggedMigration[]> {
  return reachingDatabase(database, async () => {
    const session = await openReadOnlySession(database, { applicationName: "studio" });
    if (session === null) return [];
    try {
      return await readLog(session);
    } finally {
      await session.destroy();
    }
  });
}
