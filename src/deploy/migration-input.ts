import type { MigrateInput } from "../migrate/run.ts";
import { type MigrationListing, listMigrations } from "../migrate/source.ts";
import { liveMigrationFolders } from "./project-folders.ts";
import type { Workplace } from "./workplace.ts";

/** What every run of migrations on an environment is given. */
export function migrationInput(
  place: Workplace,
  signal: AbortSignal,
  migrations: MigrationListing[] = listMigrations(liveMigrationFolders(place)),
): MigrateInput & { signal: AbortSignal } {
  const { desk, database, project } = place;
  return {
    database,
    migrations,
    who: { user: desk.user, host: desk.host, version: desk.version },
    lockTimeout: project.settings.migrate.lockTimeout,
    signal,
  };
}
