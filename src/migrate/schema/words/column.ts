import type { Dialect } from "../../../database/address.ts";
import { withoutParentheses } from "../expression/parentheses.ts";
import { type Column, type ForeignKey, type Identity, given } from "../model.ts";
import { isType, normaliseType } from "../types/normalise.ts";
import { serialType } from "../types/postgres.ts";
import { target } from "./reference.ts";
import { settledSequenceWords } from "./sequence.ts";
import { collationName } from "./term.ts";
import { WordReader, WordsError, wordOfQualified } from "./word-reader.ts";
import { splitName } from "../names.ts";

const identityWords: Record<Identity["kind"], string> = {
  always: "identity always",
  "by default": "identity",
  serial: "serial",
  automatic: "auto_increment",
};

/** `bigint not null identity`, `text collate "C" not null default 'x'`; without its comment. */
export function columnWords(column: Column, dialect: Dialect): string {
  const { type, nullable, collation, identity, generated, onConflict } = column;
  const parts = dialect === "postgres" ? splitName(collation ?? "") : [collation ?? ""];
  return [
    type,
    collation === undefined ? "" : `collate ${wordOfQualified(parts, dialect)}`,
    nullable ? "" : "not null",
    onConflict === undefined ? "" : `on conflict ${onConflict}`,
    identity === undefined ? "" : identityOf(identity, dialect),
    generated === undefined
      ? ""
      : `generated always as (${generated.expression}) ${generated.stored ? "stored" : "virtual"}`,
    column.default === undefined ? "" : `default ${defaultWords(column.default, dialect)}`,
  ]
    .filter((word) => word !== "")
    .join(" ");
}

function identityOf({ kind, options }: Identity, dialect: Dialect): string {
  const word = dialect === "sqlite" ? "autoincrement" : identityWords[kind];
  return `${word}${options === undefined ? "" : ` (${options})`}`;
}

/** In parentheses where the words after it would be taken for something else. */
function defaultWords(expression: string, dialect: Dialect): string {
  const reader = new WordReader(`${expression} `, dialect);
  return reader.until(endsDefault) === expression.trim() ? expression : `(${expression})`;
}

/** A column, and the constraints that were written with it. */
export interface ColumnParts {
  column: Column;
  isPrimaryKey: boolean;
  isUnique: boolean;
  reference: ForeignKey | null;
}

/** The reverse of `columnWords`; also takes the constraints of SQL. @throws WordsError */
export function parseColumn(name: string, text: string, dialect: Dialect): ColumnParts {
  const reader = new WordReader(text, dialect);
  const written = reader.until(endsType);
  const serial = dialect === "postgres" ? serialType(written) : null;
  const column: Column = {
    name,
    type: serial ?? normaliseType(written, dialect),
    nullable: serial === null,
  };
  if (serial !== null) column.identity = { kind: "serial" };
  if (!isType(column.type, dialect)) throw new WordsError(`"${written}" is not a type`);
  const parts: ColumnParts = { column, isPrimaryKey: false, isUnique: false, reference: null };
  while (!reader.isAtEnd()) clause(reader, parts);
  settleIdentity(column, dialect);
  return parts;
}

/** Each dialect has its own word for it; a column that is filled so is not null but in SQLite. */
function settleIdentity(column: Column, dialect: Dialect): void {
  const { identity } = column;
  if (identity === undefined) return;
  if (dialect !== "postgres") identity.kind = "automatic";
  else if (identity.kind === "automatic") identity.kind = "by default";
  if (dialect !== "sqlite") column.nullable = false;
}

function clause(reader: WordReader, parts: ColumnParts): void {
  const { column } = parts;
  const { dialect } = reader;
  if (reader.take("not null")) {
    column.nullable = false;
    if (reader.take("on conflict")) column.onConflict = reader.plainName().toLowerCase();
  } else if (reader.take("null")) {
    column.nullable = true;
  } else if (reader.take("collate")) {
    column.collation = collationName(reader.name(), dialect);
  } else if (reader.take("default")) {
    const expression = withoutParentheses(reader.until(endsDefault), dialect);
    if (expression === "") throw reader.unexpected("an expression");
    if (expression.toLowerCase() !== "null") column.default = expression;
  } else if (reader.take("primary key")) {
    parts.isPrimaryKey = true;
  } else if (reader.take("unique")) {
    parts.isUnique = true;
  } else if (reader.take("references")) {
    parts.reference = { columns: [column.name], ...target(reader) };
  } else if (reader.sees("generated")) {
    generatedClause(reader, column);
  } else {
    column.identity = identityClause(reader, column.type);
  }
}

function generatedClause(reader: WordReader, column: Column): void {
  reader.expect("generated");
  const kind = reader.takeOne(["always", "by default"]) ?? "always";
  reader.expect("as");
  if (reader.take("identity")) {
    column.identity = { kind, ...options(reader, column.type) };
    return;
  }
  const expression = withoutParentheses(reader.group(), reader.dialect);
  const how = reader.takeOne(["stored", "virtual", "persistent"]);
  const usual = reader.dialect === "postgres" ? "stored" : "virtual";
  column.generated = { expression, stored: (how ?? usual) !== "virtual" };
}

function identityClause(reader: WordReader, type: string): Identity {
  if (reader.take("identity")) {
    const kind = reader.takeOne(["always", "by default"]) ?? "by default";
    return { kind, ...options(reader, type) };
  }
  if (reader.take("serial")) return { kind: "serial", ...options(reader, type) };
  if (reader.takeOne(["auto_increment", "autoincrement"]) !== null) return { kind: "automatic" };
  throw reader.unexpected("not null, default, identity, generated, collate or the end");
}

function options(reader: WordReader, type: string): Partial<Identity> {
  if (!reader.sees("(")) return {};
  return given<Identity>({ options: settledSequenceWords(reader.group(), type, reader.dialect) });
}

const clauses = [
  "not null",
  "null",
  "collate",
  "default",
  "generated always",
  "generated by default",
  "generated as",
  "identity",
  "serial",
  "auto_increment",
  "autoincrement",
  "primary key",
  "unique",
  "references",
];

function endsType(reader: WordReader, previous: string): boolean {
  // A type may be called serial itself, and SQLite allows none.
  return clauses.some((words) => reader.sees(words) && !(words === "serial" && previous === ""));
}

function endsDefault(reader: WordReader, previous: string): boolean {
  if (previous === "" || previous === "is") return false;
  return clauses.some((words) => words !== "null" && words !== "collate" && reader.sees(words));
}
