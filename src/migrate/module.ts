import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Knex } from "knex";
import { StudioError, exitCodes, reasonOf } from "../errors.ts";
import type { ScriptStatement } from "./script/statement.ts";

/** What a migration file exports, as named exports or as one default-exported object. */
export interface MigrationModule {
  up(knex: Knex): unknown;
  down?(knex: Knex): unknown;
  /** Its statements and the journal's row are committed together. */
  transactional: boolean;
  /** May the release before it run on the schema after it? Null: the author does not say. */
  compatible: boolean | null;
  /** Rules of the lint that the author allows. */
  allow: string[];
  /** Of an SQL file; null for a program. */
  statements: { up: ScriptStatement[]; down: ScriptStatement[] | null } | null;
}

/**
 * Loads a migration file. The checksum is part of the address, so that a file that was edited
 * while a long-lived process ran is loaded anew.
 * Fails with `migration.invalid` (exit 2) naming the file and, where known, the line.
 */
export async function loadMigration(file: string, checksum: string): Promise<MigrationModule> {
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
  const transactional = transaction !== false;
  return { up, down, compatible, transactional, allow, statements: null } as MigrationModule;
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

/** The line of `file` that an error's stack names first, or null. */
export function lineOf(error: unknown, file: string): number | null {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  for (const start of [pathToFileURL(file).href, file]) {
    const [, after = ""] = stack.split(start, 2);
    const line = /^(?:\?[^:\s]*)?:(\d+)/.exec(after)?.[1];
    if (line !== undefined) return Number(line);
  }
  return null;
}

/** A migration file that cannot be used as it stands; nothing was changed. */
export function invalidMigration(
  file: string,
  reason: string,
  line: number | null = null,
  hint = "Correct the file, then run the command again. Nothing was changed.",
): StudioError {
  return new StudioError({
    code: "migration.invalid",
    message: `The migration ${file}${line === null ? "" : `:${line}`} cannot be used: ${reason}.`,
    hint,
    exitCode: exitCodes.usage,
    details: { file, line },
  });
}
