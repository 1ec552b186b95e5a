import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";
import { structureFiles } from "./dump-record.ts";
import type { MysqlProgram } from "./programs.ts";
import type { MysqlSchema } from "./schema-facts.ts";
import type { MysqlSession } from "./session.ts";

/** What both families need for a dump that is the same for the same state. */
export function commonArguments(program: MysqlProgram): string[] {
  const shared = [
    "--skip-dump-date",
    "--skip-lock-tables",
    "--hex-blob",
    "--no-tablespaces",
    "--quick",
  ];
  // Words of MySQL's own program, which asks older servers for what they do not have.
  return program.family === "mysql"
    ? [...shared, "--column-statistics=0", "--set-gtid-purged=OFF"]
    : shared;
}

/**
 * Dumps the definitions of everything into `structureFiles`.
 * @param suffix of the files' names
 */
export async function dumpStructure(
  session: MysqlSession,
  schema: MysqlSchema,
  database: string,
  into: string,
  suffix: string,
): Promise<void> {
  const withoutViews = schema.views.map((view) => `--ignore-table=${database}.${view}`);
  const argv = [...structureArguments(session), "--skip-triggers", ...withoutViews, "--", database];
  await session.dump(argv, join(into, `${structureFiles.tables}${suffix}`));
  await dumpActive(session, schema, database, into, suffix);
}

function structureArguments(session: MysqlSession): string[] {
  return [...commonArguments(session.programs.dump), "--no-data"];
}

/** Dumps what has no rows: triggers and routines, events, views. */
export async function dumpActive(
  session: MysqlSession,
  schema: MysqlSchema,
  database: string,
  into: string,
  suffix = "",
): Promise<void> {
  const common = structureArguments(session);
  const { programs, events, views } = structureFiles;
  const to = (file: string): string => join(into, `${file}${suffix}`);
  const alone = [...common, "--no-create-info"];
  await session.dump([...alone, "--triggers", "--routines", "--", database], to(programs));
  await session.dump([...alone, "--skip-triggers", "--events", "--", database], to(events));
  if (schema.views.length === 0) return;
  await session.dump([...common, "--skip-triggers", "--", database, ...schema.views], to(views));
}

/** Compares the definitions of before and after, and removes the second set. */
export async function checkUnchanged(into: string): Promise<void> {
  for (const file of Object.values(structureFiles)) {
    const before = await definitions(join(into, file));
    const after = await definitions(join(into, `${file}.after`));
    await rm(join(into, `${file}.after`), { force: true });
    if (before !== after) throw schemaChanged();
  }
}

/** Without the counters that move on with every row. */
async function definitions(path: string): Promise<string | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  return text?.replace(/ AUTO_INCREMENT=\d+/g, "").replace(/^DO SETVAL\(.*$/gm, "") ?? null;
}

export function schemaChanged(): StudioError {
  return new StudioError({
    code: "database.schemaChanged",
    message: "The definitions of the database changed while it was dumped.",
    hint: "Run the command again when the migration is through.",
    exitCode: exitCodes.unavailable,
  });
}
