import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { openReadOnlySession } from "../database/session.ts";
import { reachingDatabase } from "../database/session-failure.ts";
import { StudioError, exitCodes } from "../errors.ts";
import { type SchemaDifference, compareSchemas } from "../migrate/schema/compare.ts";
import { type Schema, emptySchema } from "../migrate/schema/model.ts";
import { readSchema } from "../migrate/schema/read.ts";
import { formatSchema, parseSchema } from "../migrate/schema/text.ts";
import { replaceFile } from "../replace-file.ts";
import { withDatabaseFrom } from "./database-from-file.ts";
import { asPrinted } from "./printed-schema.ts";
import { schemaStatus } from "./schema-status.ts";
import type { View } from "./view.ts";

/** Absolute path of the file that says what the schema is meant to be. */
function schemaFile({ project }: Pick<View, "project">): string {
  return resolve(project.directory, project.settings.migrate.schema);
}

/** The schema of the live database, without what is studio's own. Only reads. */
export async function liveSchema({ database }: Pick<View, "database">): Promise<Schema> {
  return reachingDatabase(database, async () => {
    const session = await openReadOnlySession(database, { applicationName: "studio" });
    if (session === null) return emptySchema(database.dialect);
    try {
      return await readSchema(session, database.dialect);
    } finally {
      await session.destroy();
    }
  });
}

/** @throws StudioError (exit 2) where there is no schema file, or one that cannot be used */
export function declaredSchema(place: Pick<View, "project">): Schema {
  const file = schemaFile(place);
  if (existsSync(file)) return parseSchema(readFileSync(file, "utf8"), file);
  throw new StudioError({
    code: "usage",
    message: `There is no schema file ${file}.`,
    hint: "`studio migrate dump` writes one from the live database; migrate.schema in studio.yaml says where it is.",
    exitCode: exitCodes.usage,
  });
}

export interface SchemaDump {
  text: string;
  /** Absolute path of the file that was written; null: none. */
  file: string | null;
}

/** The live schema as a text for people; written to the schema file where that is asked for. */
export async function dumpSchema(
  view: View,
  { databaseUrlFile, write }: { databaseUrlFile: string | null; write: boolean },
): Promise<SchemaDump> {
  const place = withDatabaseFrom(view, databaseUrlFile);
  const text = formatSchema(await liveSchema(place));
  if (!write) return { text, file: null };
  const file = schemaFile(place);
  mkdirSync(dirname(file), { recursive: true });
  replaceFile(file, text, { mode: 0o644 });
  return { text, file };
}

export interface SchemaCheck {
  head: string | null;
  pending: string[];
  problems: { name: string; message: string }[];
  /** Absolute path; null where there is none to compare with. */
  schemaFile: string | null;
  /** From the schema file to the live database. */
  drift: SchemaDifference[];
}

/** Whether the live schema is what the files say. Nothing of the live database is changed. */
export async function checkSchema(
  view: View,
  databaseUrlFile: string | null,
): Promise<{ check: SchemaCheck; error: StudioError | null }> {
  const place = withDatabaseFrom(view, databaseUrlFile);
  const { head, pending, problems } = await schemaStatus(place);
  const file = existsSync(schemaFile(place)) ? schemaFile(place) : null;
  const drift = file === null ? [] : await findDrift(place);
  const check: SchemaCheck = {
    head,
    pending: pending.map(({ name }) => name),
    problems: problems.map(({ name, message }) => ({ name, message })),
    schemaFile: file,
    drift,
  };
  const [problem] = problems;
  if (problem !== undefined) return { check, error: failed(problem.message, problem.hint) };
  if (pending.length > 0) {
    const names = check.pending.join(", ");
    return { check, error: failed(`Pending: ${names}.`, "`studio migrate up` applies them.") };
  }
  const [first] = drift;
  if (first === undefined) return { check, error: null };
  return {
    check,
    error: failed(
      `The live schema is not what ${file} says: ${first.what} ${first.path} was ${first.kind}` +
        `${drift.length > 1 ? `, and ${drift.length - 1} more` : ""}.`,
      "`studio migrate create NAME --autogenerate` writes the migration that leads from the live schema to the file; `studio migrate dump` takes the live schema as it is.",
    ),
  };
}

async function findDrift(place: View): Promise<SchemaDifference[]> {
  const [declared, live] = [declaredSchema(place), await liveSchema(place)];
  return compareSchemas(await asPrinted(place, declared, live), live);
}

function failed(message: string, hint: string): StudioError {
  return new StudioError({ code: "schema.check", message, hint, exitCode: exitCodes.checkFailed });
}
