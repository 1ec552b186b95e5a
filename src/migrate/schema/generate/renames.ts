import { type StudioError, usageError } from "../../../errors.ts";
import type { Schema } from "../model.ts";
import { joinName, lastPart, quoteName, quoteQualified, schemaOf, splitName } from "../names.ts";
import { renameColumn, renameTable } from "./rename-schema.ts";
import { type Step, steps } from "./step.ts";

export type RenameDecision =
  | { what: "table"; from: string; to: string }
  /** Of a table by the name it has once the tables are renamed. */
  | { what: "column"; table: string; from: string; to: string };

/**
 * Reads decisions: `users:people` for a table, `users.email:users.mail` for a column.
 * @returns those of tables first
 * @throws StudioError (exit 2) for what is not there
 */
export function readRenames(
  texts: readonly string[],
  live: Schema,
  declared: Schema,
): RenameDecision[] {
  const tables = texts.flatMap((text) => tableRename(text, live, declared) ?? []);
  const columns = texts
    .filter((text) => tableRename(text, live, declared) === null)
    .map((text) => columnRename(text, live, declared, tables));
  return [...tables, ...columns];
}

type TableRename = Extract<RenameDecision, { what: "table" }>;

function tableRename(text: string, live: Schema, declared: Schema): TableRename | null {
  const [from, to] = sides(text);
  if (!live.tables.some(({ name }) => name === from)) return null;
  if (!declared.tables.some(({ name }) => name === to)) {
    throw refused(text, `the schema file has no table "${to}"`);
  }
  if (live.tables.some(({ name }) => name === to)) {
    throw refused(text, `the database has a table "${to}" already`);
  }
  if (live.dialect === "postgres" && schemaOf(from) !== schemaOf(to)) {
    throw refused(text, "it would move the table to another schema, which is done by hand");
  }
  return { what: "table", from, to };
}

function columnRename(
  text: string,
  live: Schema,
  declared: Schema,
  tables: readonly TableRename[],
): RenameDecision {
  const [left, right] = sides(text);
  const [owner, from] = columnOf(left, live);
  const old = live.tables.find(({ name }) => name === owner);
  if (old === undefined || !old.columns.some(({ name }) => name === from)) {
    throw refused(text, `the database has no table and no column "${left}"`);
  }
  const table = tables.find((one) => one.from === owner)?.to ?? owner;
  const prefix = [table, owner].find((name) => right.startsWith(`${name}.`));
  const to = unquoted(prefix === undefined ? right : right.slice(prefix.length + 1));
  const now = declared.tables.find(({ name }) => name === table);
  if (now === undefined || !now.columns.some(({ name }) => name === to)) {
    throw refused(text, `the schema file has no column "${to}" in the table "${table}"`);
  }
  if (old.columns.some(({ name }) => name === to)) {
    throw refused(text, `the table "${owner}" has a column "${to}" already`);
  }
  return { what: "column", table, from, to };
}

function sides(text: string): [string, string] {
  const [from, to, ...more] = text.split(":").map((side) => side.trim());
  if (!from || !to || more.length > 0) throw refused(text, "it has not the form FROM:TO");
  return [from, to];
}

function columnOf(text: string, live: Schema): [table: string, column: string] {
  const owner = live.tables.find(({ name }) => text.startsWith(`${name}.`));
  if (owner !== undefined) return [owner.name, unquoted(text.slice(owner.name.length + 1))];
  const parts = splitName(text);
  return [joinName(...parts.slice(0, -1)), parts.at(-1) ?? ""];
}

function unquoted(name: string): string {
  return splitName(name).join(".");
}

function refused(text: string, reason: string): StudioError {
  return usageError(
    `The rename "${text}" cannot be made: ${reason}.`,
    "Write TABLE:TABLE, or TABLE.COLUMN:TABLE.COLUMN, with the old name on the left.",
  );
}

/** The schema with its new names, as the database reports it after the renames. */
export function applyRenames(schema: Schema, decisions: readonly RenameDecision[]): Schema {
  const result = structuredClone(schema);
  for (const decision of decisions) {
    if (decision.what === "table") renameTable(result, decision.from, decision.to);
    else renameColumn(result, decision.table, decision.from, decision.to);
  }
  return result;
}

/** The statements that give the new names. */
export function renameSteps(decisions: readonly RenameDecision[], { dialect }: Schema): Step[] {
  const table = (name: string) => quoteQualified(name, dialect);
  return decisions.flatMap((decision) => {
    if (decision.what === "column") {
      const [from, to] = [decision.from, decision.to].map((name) => quoteName(name, dialect));
      return steps(`ALTER TABLE ${table(decision.table)} RENAME COLUMN ${from} TO ${to}`);
    }
    // RENAME TO of PostgreSQL takes a name without a schema.
    const to = quoteName(lastPart(decision.to, dialect), dialect);
    return steps(`ALTER TABLE ${table(decision.from)} RENAME TO ${to}`);
  });
}

/** The decisions that take others back, in the order in which that works. */
export function reversed(decisions: readonly RenameDecision[]): RenameDecision[] {
  return decisions.toReversed().map((one) => ({ ...one, from: one.to, to: one.from }));
}
