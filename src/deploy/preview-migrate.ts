import { lookAtPresentSchema } from "../migrate/present-schema.ts";
import { type RecordedMigration, recordMigrations } from "../migrate/record.ts";
import { listMigrations } from "../migrate/source.ts";
import { withDatabaseFrom } from "./database-from-file.ts";
import { type MigrateOrder, planMigrate } from "./migrate.ts";
import { liveMigrationFolders } from "./project-folders.ts";
import type { View } from "./view.ts";

export interface MigratePreview {
  direction: MigrateOrder["direction"];
  /** In the order in which they would be executed. */
  migrations: RecordedMigration[];
}

/** The statements that an order would issue. Nothing is changed. */
export async function previewMigrate(view: View, order: MigrateOrder): Promise<MigratePreview> {
  const place = withDatabaseFrom(view, order.databaseUrlFile);
  const { direction } = order;
  const { names } = await planMigrate(place, order);
  const all = listMigrations(liveMigrationFolders(place));
  const { dialect } = place.database;
  const migrations = await recordMigrations({
    dialect,
    // Elsewhere a program runs against nothing.
    present: dialect === "sqlite" ? await lookAtPresentSchema(place.database) : [],
    migrations: names.flatMap((name) => all.find((one) => one.name === name) ?? []),
    direction,
  });
  return { direction, migrations };
}
