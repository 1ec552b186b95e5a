import { foldName } from "../expression/mentions.ts";
import type { Schema, Table } from "../model.ts";
import { isOwnName, lastPart } from "../names.ts";
import { columnsOf } from "../terms.ts";
import type { SchemaSource } from "./source.ts";

/** Notes what refers to a column, a table, or a key that the file does not have. */
export function checkReferences(schema: Schema, source: SchemaSource): void {
  for (const table of schema.tables) {
    if (table.columns.length === 0 && table.partitionOf === undefined) {
      source.problem(table, `the table "${table.name}" has no columns`);
    }
    checkKeys(schema, table, source);
    for (const key of table.foreignKeys) checkForeignKey(schema, table, key, source);
  }
  for (const trigger of schema.triggers) {
    const owners = [...schema.tables, ...schema.views];
    if (owners.some(({ name }) => name === trigger.table) || isOwnName(trigger.table)) continue;
    source.problem(trigger, `the trigger is on "${trigger.table}", which is not in this file`);
  }
}

function checkKeys(schema: Schema, table: Table, source: SchemaSource): void {
  const keys = [...(table.primaryKey ? [table.primaryKey] : []), ...table.uniques];
  for (const key of [...keys, ...table.indexes]) {
    const columns = [...columnsOf(key.terms), ...(key.include ?? [])];
    for (const name of missing(schema, table, columns)) {
      source.problem(key, `"${table.name}" has no column "${name}"`);
    }
  }
}

function checkForeignKey(
  schema: Schema,
  table: Table,
  key: Table["foreignKeys"][number],
  source: SchemaSource,
): void {
  for (const name of missing(schema, table, key.columns)) {
    source.problem(key, `"${table.name}" has no column "${name}"`);
  }
  const parent = schema.tables.find(({ name }) => name === key.table);
  if (parent === undefined) {
    if (!isOwnName(lastPart(key.table, schema.dialect))) {
      source.problem(key, `the table "${key.table}" is not in this file`);
    }
    return;
  }
  for (const name of missing(schema, parent, key.referenced)) {
    source.problem(key, `"${parent.name}" has no column "${name}"`);
  }
  if (key.columns.length !== key.referenced.length) {
    const counts = `${key.columns.length} and ${key.referenced.length}`;
    source.problem(key, `the foreign key has ${counts} columns on its two sides`);
  }
}

function missing(schema: Schema, table: Table, columns: readonly string[]): string[] {
  const owner = ownerOfColumns(schema, table);
  if (owner === undefined) return [];
  const { dialect } = schema;
  const known = new Set(owner.columns.map(({ name }) => foldName(name, dialect)));
  return columns.filter((name) => !known.has(foldName(name, dialect)));
}

/** The columns of a partition may be those of its table. */
function ownerOfColumns(schema: Schema, table: Table): Table | undefined {
  if (table.columns.length > 0 || table.partitionOf === undefined) return table;
  const parent = schema.tables.find(({ name }) => name === table.partitionOf?.table);
  return parent === undefined || parent === table ? undefined : ownerOfColumns(schema, parent);
}
