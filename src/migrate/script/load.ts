import { isUtf8 } from "node:buffer";
import { readFile } from "node:fs/promises";
import type { Knex } from "knex";
import type { Dialect } from "../../database/address.ts";
import { reasonOf } from "../../errors.ts";
import { checksumOfFiles } from "../checksum.ts";
import { invalidMigration } from "../invalid-migration.ts";
import { runStatements } from "./run-statements.ts";
import { type SqlFile, type SqlMigration, readSqlMigration } from "./sql-file.ts";
import type { ScriptStatement } from "./statement.ts";

/** A migration in SQL, with functions that run its statements. */
export interface LoadedSqlMigration extends SqlMigration {
  up(knex: Knex): Promise<void>;
  down?(knex: Knex): Promise<void>;
}

/**
 * Loads a migration from its file, or its pair of files.
 * @param checksum of the content that is expected
 * @throws StudioError `migration.invalid` with all that is wrong
 */
export async function loadSqlMigration(
  files: readonly string[],
  checksum: string,
  dialect: Dialect,
): Promise<LoadedSqlMigration> {
  const sources = await Promise.all(files.map(readSource));
  const [first = { file: "", text: "" }] = sources;
  if (checksumOfFiles(sources.map(({ text }) => text)) !== checksum) {
    throw invalidMigration(first.file, "it was changed while it was read");
  }
  const migration = readSqlMigration(sources, dialect);
  const { up, down } = migration.statements;
  const last = sources.at(-1) ?? first;
  const runner =
    (statements: ScriptStatement[], { file }: SqlFile) =>
    (knex: Knex) =>
      runStatements(knex, statements, { file, dialect });
  return {
    ...migration,
    up: runner(up, first),
    ...(down === null ? {} : { down: runner(down, last) }),
  };
}

async function readSource(file: string): Promise<SqlFile> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw invalidMigration(file, `it cannot be read: ${reasonOf(error)}`);
  }
  if (!isUtf8(bytes)) throw invalidMigration(file, "its text is not UTF-8", badLine(bytes));
  return { file, text: bytes.toString() };
}

/** The first line that is not UTF-8. */
function badLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf("\n", start);
    if (!isUtf8(bytes.subarray(start, end < 0 ? bytes.length : end))) break;
    start = end < 0 ? bytes.length : end + 1;
  }
  return line;
}
