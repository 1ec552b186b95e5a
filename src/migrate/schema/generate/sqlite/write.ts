import type { Check, Column, ForeignKey, Index, Key, Table, Term, View } from "../../model.ts";
import { quoteName, quoteNames } from "../../names.ts";

const quote = (name: string): string => quoteName(name, "sqlite");

export function createTable(table: Table, name: string = table.name): string {
  const primary = columnOfKey(table);
  const lines = [
    ...table.columns.map((column) =>
      columnSql(column, column === primary ? table.primaryKey : undefined),
    ),
    ...(table.primaryKey !== undefined && primary === undefined
      ? [`${named(table.primaryKey)}PRIMARY KEY ${keySql(table.primaryKey)}`]
      : []),
    ...table.uniques.map((key) => `${named(key)}UNIQUE ${keySql(key)}`),
    ...table.checks.map(checkSql),
    ...table.foreignKeys.map(
      (key) =>
        `${named(key)}FOREIGN KEY (${quoteNames(key.columns, "sqlite")}) ${referencesSql(key)}`,
    ),
  ];
  const options = ["without rowid", "strict"]
    .filter((option) => table.options[option] === "true")
    .map((option) => option.toUpperCase());
  const end = options.length === 0 ? "" : ` ${options.join(", ")}`;
  return `CREATE TABLE ${quote(name)} (\n  ${lines.join(",\n  ")}\n)${end}`;
}

/** The column whose definition holds the primary key: AUTOINCREMENT has no other place. */
function columnOfKey({ primaryKey, columns }: Table): Column | undefined {
  const [only, ...more] = primaryKey?.terms ?? [];
  if (only === undefined || more.length > 0 || only.collation !== undefined) return undefined;
  return columns.find(({ name }) => name === only.column);
}

export function columnSql(column: Column, key?: Key): string {
  const { type, nullable, collation, generated, onConflict } = column;
  const words = [
    quote(column.name),
    type,
    key === undefined
      ? ""
      : `${named(key)}PRIMARY KEY${key.terms[0]?.descending === true ? " DESC" : ""}${conflict(key.onConflict)}${column.identity === undefined ? "" : " AUTOINCREMENT"}`,
    nullable ? "" : `NOT NULL${conflict(onConflict)}`,
    collation === undefined ? "" : `COLLATE ${quote(collation)}`,
    column.default === undefined ? "" : `DEFAULT ${defaultSql(column.default)}`,
    generated === undefined
      ? ""
      : `GENERATED ALWAYS AS (${generated.expression}) ${generated.stored ? "STORED" : "VIRTUAL"}`,
  ];
  return words.filter((word) => word !== "").join(" ");
}

const literal =
  /^(?:[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|[+-]?\.\d+|0x[0-9a-f]+|x?'(?:[^']|'')*'|true|false)$/i;

/** A value that stays the same, which is what ALTER TABLE can add a column with. */
export function isConstant(expression: string): boolean {
  return literal.test(expression);
}

function defaultSql(expression: string): string {
  const isValue = isConstant(expression) || /^current_(time|date|timestamp)$/i.test(expression);
  return isValue ? expression : `(${expression})`;
}

export function checkSql(check: Check): string {
  return `${named(check)}CHECK (${check.expression})`;
}

export function referencesSql(key: ForeignKey): string {
  const columns = key.referenced.length === 0 ? "" : ` (${quoteNames(key.referenced, "sqlite")})`;
  return [
    `REFERENCES ${quote(key.table)}${columns}`,
    key.onDelete === undefined ? "" : `ON DELETE ${key.onDelete.toUpperCase()}`,
    key.onUpdate === undefined ? "" : `ON UPDATE ${key.onUpdate.toUpperCase()}`,
    key.deferral === undefined ? "" : "DEFERRABLE",
    key.deferral === "initially deferred" ? "INITIALLY DEFERRED" : "",
  ]
    .filter((word) => word !== "")
    .join(" ");
}

export function named({ name }: { name?: string }): string {
  return name === undefined ? "" : `CONSTRAINT ${quote(name)} `;
}

function keySql(key: Key): string {
  return `(${key.terms.map(termSql).join(", ")})${conflict(key.onConflict)}`;
}

function conflict(action: string | undefined): string {
  return action === undefined ? "" : ` ON CONFLICT ${action.toUpperCase()}`;
}

function termSql(term: Term): string {
  const subject = term.column === undefined ? `(${term.expression ?? ""})` : quote(term.column);
  const collation = term.collation === undefined ? "" : ` COLLATE ${quote(term.collation)}`;
  return `${subject}${collation}${term.descending === true ? " DESC" : ""}`;
}

export function createIndex(index: Index, table: string): string {
  const unique = index.unique === true ? "UNIQUE " : "";
  const where = index.predicate === undefined ? "" : ` WHERE ${index.predicate}`;
  const terms = index.terms.map(termSql).join(", ");
  return `CREATE ${unique}INDEX ${quote(index.name)} ON ${quote(table)} (${terms})${where}`;
}

export function createView(view: View): string {
  if (view.kind === "virtual") {
    return `CREATE VIRTUAL TABLE ${quote(view.name)} USING ${view.definition}`;
  }
  const columns = view.columns.length === 0 ? "" : ` (${quoteNames(view.columns, "sqlite")})`;
  return `CREATE VIEW ${quote(view.name)}${columns} AS\n${view.definition}`;
}

export function dropView(view: View): string {
  return `DROP ${view.kind === "virtual" ? "TABLE" : "VIEW"} ${quote(view.name)}`;
}
