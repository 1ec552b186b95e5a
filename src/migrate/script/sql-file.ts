import type { Dialect } from "../../database/address.ts";
import { type MigrationFault, invalidMigrations } from "../invalid-migration.ts";
import { type FileContent, readSections } from "./sections.ts";
import type { ScriptStatement } from "./statement.ts";

/** The text of a file, decoded from UTF-8. */
export interface SqlFile {
  /** Absolute path. */
  file: string;
  text: string;
}

/** A migration that is written in SQL. */
export interface SqlMigration {
  /** As declared; null where nothing is said. */
  compatible: boolean | null;
  transactional: boolean;
  /** The rules of the lint that do not count for the whole migration. */
  allow: string[];
  statements: { up: ScriptStatement[]; down: ScriptStatement[] | null };
}

/**
 * Reads a migration from `NAME.sql`, with the lines `-- studio: up` and `-- studio: down` before
 * its sections (without them, all is up), or from `NAME.up.sql` and perhaps `NAME.down.sql`. A
 * section for down without a statement counts as none. Before the first statement may stand
 * `-- studio: no-transaction`, `-- studio: compatible true` (or false) and, above an empty line or
 * the first section, `-- studio: allow RULE, RULE reason`.
 * @throws StudioError `migration.invalid` with all that is wrong
 */
export function readSqlMigration(files: readonly SqlFile[], dialect: Dialect): SqlMigration {
  const contents = files.map((file) => {
    const [, only = null] = /\.(up|down)\.sql$/.exec(file.file) ?? [];
    return readSections(file, dialect, only as "up" | "down" | null);
  });
  const up = contents.find((content) => content.up !== null)?.up ?? [];
  const down = contents.find((content) => content.down !== null)?.down ?? [];
  const faults = contents.flatMap((content) => content.faults);
  const [first = { file: "" }] = files;
  if (faults.length === 0) faults.push(...faultsOfSections(first, up, down, contents));
  if (faults.length > 0) throw invalidMigrations(faults);
  const directives = contents.flatMap(({ whole }) => whole.map(({ directive }) => directive));
  const compatible = directives.find((one) => one.name === "compatible");
  return {
    compatible: compatible?.value ?? null,
    transactional: !directives.some((one) => one.name === "no-transaction"),
    allow: directives.flatMap((one) => (one.name === "allow" ? one.rules : [])),
    statements: { up, down: down.length === 0 ? null : down },
  };
}

function faultsOfSections(
  { file }: Pick<SqlFile, "file">,
  up: ScriptStatement[],
  down: ScriptStatement[],
  contents: FileContent[],
): MigrationFault[] {
  if (up.length === 0) return [{ file, line: null, reason: "it has no statement for up" }];
  const [without] = contents.flatMap(({ whole }) =>
    whole.filter(({ directive }) => directive.name === "no-transaction"),
  );
  if (without === undefined || (up.length === 1 && down.length <= 1)) return [];
  const [name, count] = up.length > 1 ? ["up", up.length] : ["down", down.length];
  return [
    {
      file,
      line: without.line,
      reason:
        `with -- studio: no-transaction, up and down may have one statement each, and ${name} has ` +
        `${count}: what was committed before one that fails would stay`,
    },
  ];
}
