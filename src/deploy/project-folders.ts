import { existsSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Project } from "../config/project.ts";
import type { MigrationFolder } from "../migrate/source.ts";
import { codeRoot } from "../package-root.ts";

/** Absolute folders in which the project keeps its models. */
export function modelFolders(project: Project): string[] {
  return project.settings.serve.models.map((folder) => resolve(project.directory, folder));
}

/**
 * The folder of the project's own migrations, or null. In a clone of studio the project's folder
 * is studio's own: its migrations are not counted twice.
 */
export function projectMigrations(project: Project): string | null {
  const folder = resolve(project.directory, project.settings.migrate.directory);
  if (!existsSync(folder)) return null;
  return realpathSync(folder) === realpathSync(join(codeRoot, "migrations")) ? null : folder;
}

/** Where the migrations lie that the code and the project have now. */
export function liveMigrationFolders({ project }: { project: Project }): MigrationFolder[] {
  const own: MigrationFolder = { folder: join(codeRoot, "migrations"), origin: "studio" };
  const folder = projectMigrations(project);
  return folder === null ? [own] : [own, { folder, origin: "project" }];
}
