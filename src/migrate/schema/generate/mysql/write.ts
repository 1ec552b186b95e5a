import type { Check, Column, ForeignKey, Index, Options, Table, Term, View } from "../../model.ts";
import { quoteName, quoteNames } from "../../names.ts";

export const quote = (name: string): string => quoteName(name, "mysql");
export const quoteList = (names: readonly string[]): string => quoteNames(names, "mysql");

function words(parts: readonly (string | false | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== false && part !== "").join(" ");
}

export function literal(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/** A new table with its indexes and checks; foreign keys come when all tables are there. */
export function createTable(table: Table): string {
  const lines = [
    ...table.columns.map((column) => columnSql(column, table)),
    ...(table.primaryKey === undefined ? [] : [primaryKeySql(table)]),
    ...table.indexes.map(indexSql),
    ...table.checks.filter(({ column }) => column === undefined).map(checkSql),
  ];
  const options = optionList(table.options, table.comment);
  const partition = table.partitionBy === undefined ? "" : `\nPARTITION BY ${table.partitionBy}`;
  return `CREATE TABLE ${quote(table.name)} (\n  ${lines.join(",\n  ")}\n)${options === "" ? "" : ` ${options}`}${partition}`;
}

/** A column with all it has: what is left out is taken away by MODIFY. */
export function columnSql(column: Column, table: Table): string {
  const { name, type, nullable, collation, generated, identity, onUpdate, comment } = column;
  const checks = table.checks.filter((check) => check.column === name);
  const isGenerated = generated !== undefined;
  return words([
    quote(name),
    type,
    collation !== undefined && `COLLATE ${collation}`,
    isGenerated &&
      `GENERATED ALWAYS AS (${generated.expression}) ${generated.stored ? "STORED" : "VIRTUAL"}`,
    // MariaDB has neither word for generated columns; a timestamp is NOT NULL unless it is said.
    nullable ? !isGenerated && "NULL" : "NOT NULL",
    column.default !== undefined && `DEFAULT ${defaultSql(column.default, type)}`,
    onUpdate !== undefined && `ON UPDATE ${onUpdate}`,
    identity !== undefined && "AUTO_INCREMENT",
    comment !== undefined && `COMMENT ${literal(comment)}`,
    ...checks.map(({ expression }) => `CHECK (${expression})`),
  ]);
}

const plainDefault =
  /^(?:[+-]?\d+(?:\.\d+)?|[bx]?'(?:[^'\\]|\\[^]|'')*'|true|false|(?:current_timestamp|now)(?:\(\d*\))?)$/i;

/** Expressions are in parentheses, and so are texts where MySQL has no plain default. */
function defaultSql(expression: string, type: string): string {
  const isLong = /text|blob|json|geometry|point|polygon|linestring/.test(type);
  return plainDefault.test(expression) && !isLong ? expression : `(${expression})`;
}

export function primaryKeySql({ primaryKey }: Table): string {
  return `PRIMARY KEY (${(primaryKey?.terms ?? []).map(termSql).join(", ")})`;
}

export function indexSql(index: Index): string {
  const { method, unique, name, terms, comment } = index;
  const isKind = method === "fulltext" || method === "spatial";
  return words([
    isKind && method.toUpperCase(),
    unique === true && "UNIQUE",
    `INDEX ${quote(name)} (${terms.map(termSql).join(", ")})`,
    method !== undefined && !isKind && `USING ${method.toUpperCase()}`,
    comment !== undefined && `COMMENT ${literal(comment)}`,
  ]);
}

function termSql({ column, expression = "", length, descending }: Term): string {
  const subject = column === undefined ? `(${expression})` : quote(column);
  return `${subject}${length === undefined ? "" : `(${length})`}${descending === true ? " DESC" : ""}`;
}

export function checkSql({ name, expression, notEnforced }: Check): string {
  return words([
    name !== undefined && `CONSTRAINT ${quote(name)}`,
    `CHECK (${expression})`,
    notEnforced === true && "NOT ENFORCED",
  ]);
}

export function foreignKeySql(key: ForeignKey): string {
  return words([
    key.name !== undefined && `CONSTRAINT ${quote(key.name)}`,
    `FOREIGN KEY (${quoteList(key.columns)})`,
    `REFERENCES ${quote(key.table)} (${quoteList(key.referenced)})`,
    key.onUpdate !== undefined && `ON UPDATE ${key.onUpdate.toUpperCase()}`,
    key.onDelete !== undefined && `ON DELETE ${key.onDelete.toUpperCase()}`,
  ]);
}

/** @param changed those to write; an option that is gone has its default again */
export function optionList(changed: Record<string, string | undefined>, comment?: string): string {
  const options = Object.entries(changed).map(([name, value]) => {
    if (name === "collation") {
      return value === undefined ? "DEFAULT CHARACTER SET = DEFAULT" : `COLLATE = ${value}`;
    }
    if (name === "engine") return `ENGINE = ${value ?? "InnoDB"}`;
    const isWord = /^[\w.]+$/.test(value ?? "");
    return `${name.toUpperCase()} = ${value === undefined ? "DEFAULT" : isWord ? value : literal(value)}`;
  });
  return [...options, ...(comment === undefined ? [] : [`COMMENT = ${literal(comment)}`])].join(
    " ",
  );
}

export function createView(view: View): string {
  const { "sql security": security, "check option": checked } = view.options as Options & {
    "sql security"?: string;
    "check option"?: string;
  };
  return words([
    "CREATE",
    security !== undefined && `SQL SECURITY ${security.toUpperCase()}`,
    `VIEW ${quote(view.name)}${view.columns.length === 0 ? "" : ` (${quoteList(view.columns)})`}`,
    `AS\n${view.definition}`,
    checked !== undefined && `WITH ${checked.toUpperCase()} CHECK OPTION`,
  ]);
}
