import { existsSync } from "node:fs";
import { listMigrations } from "../migrate/source.ts";
import { migrationInput } from "./migration-input.ts";
import { liveMigrationFolders } from "./project-folders.ts";
import type { Workplace } from "./workplace.ts";

/**
 * Gives a SQLite database that is not there yet studio's own tables, so that a daemon works in an
 * empty folder. One that exists, or is to have tables of the project, is left to `migrate up` and
 * `deploy`, which apply everything in its order.
 */
export async function prepareFreshDatabase(place: Workplace, signal: AbortSignal): Promise<void> {
  const { file } = place.database;
  if (file === null || existsSync(file)) return;
  const migrations = listMigrations(liveMigrationFolders(place));
  if (migrations.some(({ origin }) => origin === "project")) return;
  const { migrateUp } = await import("../migrate/apply.ts");
  await migrateUp(migrationInput(place, signal, migrations));
}
