import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Knex } from "knex";
import type { Dialect } from "../database/address.ts";
import { reasonOf } from "../errors.ts";
import { lineOf } from "./error-place.ts";
import { invalidMigration } from "./invalid-migration.ts";
import type { ScriptStatement } from "./script/statement.ts";

/** A migration that can be run. */
export interface MigrationModule {
  up(knex: Knex): unknown;
  down?(knex: Knex): unknown;
  /** May the release before it run on the schema after it? As declared; null: nothing is said. */
  compatible: boolean | null;
  /** Its statements and the journal's row are committed together. */
  transactional: boolean;
  /** The rules of the lint that do not count for it. */
  allow: string[];
  /** Null for a program, whose statements show when it runs. */
  statements: { up: ScriptStatement[]; down: ScriptStatement[] | null } | null;
}

/** What of a migration's listing tells where its content is. */
export interface MigrationSource {
  /** Absolute path. */
  file: string;
  /** All the files it consists of; without it, `file` alone. */
  files?: readonly string[];
  checksum: string;
}

/**
 * Loads a migration. A program exports up(knex) and, if it likes, down(knex), `compatible`,
 * `transaction = false` and `allow`, as named exports or as one default-exported object.
 * Fails with `migration.invalid` (exit 2) naming the file and, where known, the line.
 * @param dialect how a migration in SQL is read
 */
export async function loadMigration(
  source: MigrationSource,
  dialect: Dialect,
): Promise<MigrationModule> {
  const { file, files = [file], checksum } = source;
  if (!file.endsWith(".sql")) return loadProgram(file, checksum);
  const { loadSqlMigration } = await import("./script/load.ts");
  return loadSqlMigration(files, checksum, dialect);
}

/**
 * The checksum is part of the address, so that a file that was edited while a long-lived process
 * ran is loaded anew.
 */
async function loadProgram(file: string, checksum: string): Promise<MigrationModule> {
  const exported = await importModule(file, checksum);
  const candidate = isObject(exported["default"])
    ? { ...exported["default"], ...withoutDefault(exported) }
    : exported;
  const { up, down, compatible = null, transaction = true, allow = [] } = candidate;
  if (typeof up !== "function") {
    throw invalidMigration(file, "it does not export a function up(knex)");
  }
  if (down !== undefined && typeof down !== "function") {
    throw invalidMigration(file, "its export down is not a function");
  }
  if (compatible !== null && typeof compatible !== "boolean") {
    throw invalidMigration(file, "its export compatible is neither true nor false");
  }
  if (typeof transaction !== "boolean") {
    throw invalidMigration(file, "its export transaction is neither true nor false");
  }
  if (!isListOfNames(allow)) {
    throw invalidMigration(file, 'its export allow is no list of rules, such as ["drop-column"]');
  }
  const functions = { up, ...(down === undefined ? {} : { down }) } as Pick<
    MigrationModule,
    "up" | "down"
  >;
  return { ...functions, compatible, transactional: transaction, allow, statements: null };
}

async function importModule(file: string, checksum: string): Promise<Record<string, unknown>> {
  const address = pathToFileURL(file);
  address.searchParams.set("checksum", checksum);
  try {
    return (await import(address.href)) as Record<string, unknown>;
  } catch (error) {
    const reason = `it cannot be loaded: ${reasonOf(error)}`;
    throw invalidMigration(file, reason, lineOf(error, file), hintFor(error, file));
  }
}

/** What Node says of the words `import` and `export` where a package.json says "commonjs". */
const takenForCommonJs = /outside a module|Unexpected token 'export'/;

function hintFor(error: unknown, file: string): string | undefined {
  if (!(error instanceof SyntaxError) || !takenForCommonJs.test(error.message)) return undefined;
  const manifest = join(dirname(file), "package.json");
  return `The package.json above it says "commonjs", and a migration is an ES module. Write { "type": "module" } into ${manifest}.`;
}

function withoutDefault(exported: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(exported).filter(([name]) => name !== "default"));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isListOfNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
