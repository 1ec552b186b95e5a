import { resolve } from "node:path";
import { type CreatedMigration, createMigration } from "../migrate/create/create.ts";
import type { GeneratedFile, GeneratedStatement } from "../migrate/schema/generate.ts";
import { withDatabaseFrom } from "./database-from-file.ts";
import { asPrinted } from "./printed-schema.ts";
import { declaredSchema, liveSchema } from "./schema-file.ts";
import type { View } from "./view.ts";

export interface CreateRequest {
  /** What the migration does, in words. */
  words: string;
  kind: "sql" | "ts";
  /** From the difference between the live schema and the schema file. */
  autogenerate: boolean;
  /** Decisions on what was renamed: `users.email:users.mail`. */
  renames: string[];
  databaseUrlFile: string | null;
}

export interface CreateReport {
  created: CreatedMigration[];
  /** For a person to decide, each in the form in which `--rename` takes it. */
  possibleRenames: string[];
  /** What is different and has to be written by hand. */
  notes: string[];
}

/** Writes a new migration of the project: an empty one, or the way from the live schema. */
export async function createProjectMigration(
  view: View,
  request: CreateRequest,
): Promise<CreateReport> {
  const { project, desk } = view;
  const directory = resolve(project.directory, project.settings.migrate.directory);
  const { words, kind } = request;
  const common = { directory, words, now: desk.now() };
  if (!request.autogenerate) {
    const created = [await createMigration({ ...common, kind })];
    return { created, possibleRenames: [], notes: [] };
  }
  const { generateMigration } = await import("../migrate/schema/generate.ts");
  const place = withDatabaseFrom(view, request.databaseUrlFile);
  const live = await liveSchema(place);
  const declared = await asPrinted(place, declaredSchema(view), live);
  const { files, possibleRenames, notes } = generateMigration({
    live,
    declared,
    renames: request.renames,
  });
  const created: CreatedMigration[] = [];
  for (const file of files) {
    const suffix = files.length === 1 ? "" : `-${file.words}`;
    const own = { ...common, words: `${words}${suffix}`, kind: "sql" as const };
    created.push(await createMigration({ ...own, content: contentOf(file) }));
  }
  return {
    created,
    possibleRenames: possibleRenames.map(({ from, to }) => `${from}:${to}`),
    notes,
  };
}

function contentOf({ up, down, transactional, notes }: GeneratedFile) {
  return { up: up.map(draftOf), down: down.map(draftOf), transactional, notes };
}

/** What is not to run as it stands is written as a comment, under what is said of it. */
function draftOf({ sql, comment = "", destructive, suggested }: GeneratedStatement) {
  return { sql, heldBack: destructive || suggested ? comment : null };
}
