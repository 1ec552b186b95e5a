import { type MigrationListing, listMigrations } from "../migrate/source.ts";
import { type SchemaState, readSchemaState } from "../migrate/state.ts";
import { liveMigrationFolders } from "./project-folders.ts";
import type { View } from "./view.ts";

/** The schema as it is, and what the files here would change. */
export async function schemaStatus(
  place: Pick<View, "database" | "project">,
): Promise<SchemaState<MigrationListing>> {
  const migrations = listMigrations(liveMigrationFolders(place));
  return readSchemaState({ database: place.database, migrations });
}
