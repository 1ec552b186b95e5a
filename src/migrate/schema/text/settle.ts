import type { Dialect } from "../../../database/address.ts";
import { withoutParentheses } from "../expression/parentheses.ts";
import type { Check, Key, Schema, Table } from "../model.ts";
import { leaveOutOwnIndexes } from "../mysql/own-index.ts";
import { lastPart, usualName } from "../names.ts";
import { sortSchema } from "../order.ts";
import { columnsOf } from "../terms.ts";
import { checkReferences } from "./check-references.ts";
import { usualKeyName } from "./format-table.ts";
import type { SchemaSource } from "./source.ts";

/**
 * Fills in what the server would: names, the columns that a foreign key means, NOT NULL of a
 * primary key. What refers to nothing becomes a problem.
 */
export function settleSchema(schema: Schema, source: SchemaSource): void {
  const { dialect } = schema;
  for (const table of schema.tables) {
    for (const key of table.foreignKeys) {
      const parent = schema.tables.find(({ name }) => name === key.table);
      if (key.referenced.length === 0) key.referenced = columnsOf(parent?.primaryKey?.terms ?? []);
    }
    for (const check of table.checks) {
      check.expression = withoutParentheses(check.expression, dialect);
    }
    for (const policy of table.rowSecurity?.policies ?? []) {
      // Everyone is meant where nobody is named.
      if (policy.roles.includes("public")) policy.roles = [];
    }
    if (dialect !== "sqlite") settlePrimaryKey(table, dialect);
    if (dialect !== "sqlite") nameConstraints(table, dialect, source);
    if (dialect === "mysql") uniquesToIndexes(table, source);
  }
  for (const type of schema.types) {
    if (type.kind === "domain") nameChecks(type.checks, lastPart(type.name, dialect));
  }
  checkReferences(schema, source);
  sortSchema(schema);
}

function settlePrimaryKey(table: Table, dialect: Dialect): void {
  const { primaryKey } = table;
  if (primaryKey === undefined) return;
  const usual = usualKeyName(table, dialect);
  if (usual !== undefined) primaryKey.name ??= usual;
  if (dialect === "mysql") delete primaryKey.name;
  const columns = columnsOf(primaryKey.terms);
  for (const column of table.columns) if (columns.includes(column.name)) column.nullable = false;
}

/** As PostgreSQL names what has no name. */
function nameConstraints(table: Table, dialect: Dialect, source: SchemaSource): void {
  const own = lastPart(table.name, dialect);
  const taken = new Set<string>();
  const free = (name: string): string => {
    let result = name;
    for (let number = 1; taken.has(result); number++) result = `${name}${number}`;
    taken.add(result);
    return result;
  };
  for (const key of table.uniques) {
    key.name ??= free(usualName(own, keyColumns(key), "key"));
  }
  for (const key of table.foreignKeys) key.name ??= free(usualName(own, key.columns, "fkey"));
  nameChecks(table.checks, own);
  for (const { name } of table.exclusions) {
    if (name === "") source.problem(table, "an exclusion needs a name");
  }
}

function nameChecks(checks: readonly Check[], owner: string): void {
  const taken = new Set(checks.map(({ name }) => name));
  for (const check of checks) {
    if (check.name !== undefined) continue;
    const usual = usualName(owner, [], "check");
    let name = usual;
    for (let number = 1; taken.has(name); number++) name = `${usual}${number}`;
    taken.add(name);
    check.name = name;
  }
}

function keyColumns(key: Key): string[] {
  return columnsOf(key.terms);
}

function uniquesToIndexes(table: Table, source: SchemaSource): void {
  for (const { name = "", terms } of table.uniques) {
    if (table.indexes.some((index) => index.name === name)) {
      source.problem(table, `there are two indexes with the name "${name}"`);
    }
    table.indexes.push({ name, terms, unique: true });
  }
  table.uniques = [];
  // An index such as the server makes for a foreign key is told with that.
  leaveOutOwnIndexes(table);
  for (const key of table.foreignKeys) delete key.ownIndex;
}
