import type { SchemaAction } from "../actions.ts";
import { type Fields, fieldsOf, listOf, variantOf } from "../tree.ts";
import { indexColumns, nameOf, readColumn, readColumnOf, readTableConstraint } from "./syntax.ts";

type OperationReader = (table: string, fields: Fields) => SchemaAction[];

const readers: Readonly<Record<string, OperationReader>> = {
  AddColumn: (table, { column_def: definition }) => [
    { kind: "addColumn", table, column: readColumn(definition) },
  ],
  AddConstraint: (table, { constraint }) => readConstraint(table, constraint),
  AlterColumn: (table, { column_name: name, op }) => readAlterColumn(table, nameOf(name), op),
  AutoIncrement: () => [],
  ChangeColumn: (table, { old_name: old, new_name: name, data_type: type, options }) => [
    {
      kind: "redefineColumn",
      table,
      column: nameOf(old),
      definition: readColumnOf(nameOf(name), type, listOf(options)),
    },
  ],
  DropColumn: (table, { column_names: names }) =>
    listOf(names).map((name) => ({
      kind: "dropColumn",
      table,
      column: nameOf(name),
      cascade: false,
    })),
  DropConstraint: (table, { name }) => dropConstraint(table, name),
  DropForeignKey: (table, { name }) => dropConstraint(table, name),
  DropIndex: (table, { name }) => [
    { kind: "dropIndex", table, index: nameOf(name), concurrently: false, cascade: false },
  ],
  DropPrimaryKey: (table) => [{ kind: "dropPrimaryKey", table }],
  ModifyColumn: (table, { col_name: name, data_type: type, options }) => [
    {
      kind: "redefineColumn",
      table,
      column: nameOf(name),
      definition: readColumnOf(nameOf(name), type, listOf(options)),
    },
  ],
  RenameColumn: (table, { old_column_name: column, new_column_name: to }) => [
    { kind: "renameColumn", table, column: nameOf(column), to: nameOf(to) },
  ],
  RenameTable: (table, { table_name: name }) => [
    { kind: "renameTable", table, to: nameOf(variantOf(name)[1]) },
  ],
};

/** A clause of ALTER TABLE as the parser gives it; null for one that is not known here. */
export function readOperation(table: string, operation: unknown): SchemaAction[] | null {
  const [name, content] = variantOf(operation);
  return readers[name]?.(table, fieldsOf(content)) ?? null;
}

function readConstraint(table: string, node: unknown): SchemaAction[] {
  const constraint = readTableConstraint(node);
  if (constraint !== null) return [{ kind: "addConstraint", table, constraint }];
  return readIndex(table, node);
}

/** An index that is written among columns and constraints. */
export function readIndex(table: string, node: unknown): SchemaAction[] {
  const [variant, content] = variantOf(node);
  const { name, opt_index_name: otherName, fulltext } = fieldsOf(content);
  const given = name ?? otherName;
  const special = fulltext === true ? "fulltext" : "spatial";
  return [
    {
      kind: "addIndex",
      table,
      index: given === undefined ? null : nameOf(given),
      unique: false,
      concurrently: false,
      columns: indexColumns(content),
      special: variant === "FulltextOrSpatial" ? special : null,
    },
  ];
}

function readAlterColumn(table: string, column: string, operation: unknown): SchemaAction[] {
  const [name] = variantOf(operation);
  if (name === "SetDefault") return [{ kind: "setDefault", table, column }];
  if (name === "DropDefault") return [{ kind: "dropDefault", table, column }];
  return [];
}

function dropConstraint(table: string, name: unknown): SchemaAction[] {
  return [{ kind: "dropConstraint", table, constraint: nameOf(name), cascade: false }];
}
