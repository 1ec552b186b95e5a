import type { Dialect } from "../../../database/address.ts";
import { renameIn } from "../expression/mentions.ts";
import type { Check, Column, Index, Key, Schema, Table } from "../model.ts";
import { besideName, lastPart, usualName } from "../names.ts";
import { mentionsAny } from "./dependents.ts";

/** Gives a table another name, in place, wherever the schema has it. */
export function renameTable(schema: Schema, from: string, to: string): void {
  const { dialect } = schema;
  const table = schema.tables.find(({ name }) => name === from);
  if (table === undefined) return;
  for (const column of table.columns) keepSequenceName(table, column, dialect);
  table.name = to;
  for (const one of schema.tables) {
    for (const key of one.foreignKeys) if (key.table === from) key.table = to;
    if (one.partitionOf?.table === from) one.partitionOf.table = to;
  }
  const [old, now] = [lastPart(from, dialect), lastPart(to, dialect)];
  for (const trigger of schema.triggers) {
    if (trigger.table === from) trigger.table = to;
    trigger.definition = renameIn(trigger.definition, old, now, dialect);
  }
  for (const view of schema.views) {
    view.definition = renameIn(view.definition, old, now, dialect);
  }
}

/** Gives a column another name, in place, wherever the schema has it. */
export function renameColumn(schema: Schema, owner: string, from: string, to: string): void {
  const { dialect } = schema;
  const table = schema.tables.find(({ name }) => name === owner);
  if (table === undefined) return;
  const renamed = (name: string) => (name === from ? to : name);
  const inside = (sql: string) => renameIn(sql, from, to, dialect);
  for (const column of table.columns) {
    if (column.name === from) {
      keepSequenceName(table, column, dialect);
      column.name = to;
    }
    if (column.generated) column.generated.expression = inside(column.generated.expression);
  }
  renameInConstraints(table, renamed, inside);
  for (const key of schema.tables.flatMap((one) => one.foreignKeys)) {
    if (key.table === owner) key.referenced = key.referenced.map(renamed);
  }
  for (const trigger of schema.triggers) {
    if (trigger.table === owner) trigger.definition = inside(trigger.definition);
  }
  for (const view of schema.views) {
    if (mentionsAny(view.definition, [owner], dialect)) view.definition = inside(view.definition);
  }
}

function renameInConstraints(
  table: Table,
  renamed: (name: string) => string,
  inside: (sql: string) => string,
): void {
  const keys: (Key | Index)[] = [...table.uniques, ...table.indexes];
  if (table.primaryKey !== undefined) keys.push(table.primaryKey);
  for (const key of keys) {
    for (const term of key.terms) {
      if (term.column !== undefined) term.column = renamed(term.column);
      if (term.expression !== undefined) term.expression = inside(term.expression);
    }
    if (key.include !== undefined) key.include = key.include.map(renamed);
    if ("predicate" in key && key.predicate !== undefined) key.predicate = inside(key.predicate);
  }
  for (const key of table.foreignKeys) key.columns = key.columns.map(renamed);
  for (const check of table.checks) renameInCheck(check, renamed, inside);
  for (const exclusion of table.exclusions) exclusion.definition = inside(exclusion.definition);
  if (table.partitionBy !== undefined) table.partitionBy = inside(table.partitionBy);
  for (const policy of table.rowSecurity?.policies ?? []) {
    if (policy.using !== undefined) policy.using = inside(policy.using);
    if (policy.check !== undefined) policy.check = inside(policy.check);
  }
}

function renameInCheck(
  check: Check,
  renamed: (name: string) => string,
  inside: (sql: string) => string,
): void {
  check.expression = inside(check.expression);
  if (check.column !== undefined) check.column = renamed(check.column);
}

/** The sequence of a column keeps the name it got when it was made. */
function keepSequenceName(table: Table, column: Column, dialect: Dialect): void {
  const { identity } = column;
  if (identity === undefined || dialect !== "postgres") return;
  identity.sequence ??= usualSequence(table.name, column.name);
}

/** The name PostgreSQL gives to the sequence of a column. */
export function usualSequence(table: string, column: string): string {
  return besideName(usualName(lastPart(table, "postgres"), [column], "seq"), table, "postgres");
}
