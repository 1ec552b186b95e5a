import type { TableConstraint } from "../actions.ts";
import {
  type CheckCondition,
  type ColumnDefinition,
  type ColumnType,
  plainColumn,
} from "../column.ts";
import { writeName } from "../names.ts";
import { type Fields, fieldsOf, listOf, objectsOf, variantOf } from "../tree.ts";

// sqlparser-rs turns its enums into objects of one key, `{"AddColumn": {…}}`, or bare strings.

/** `[{Identifier: {value}}, …]`, or one `{value}`, as it stands in SQL. */
export function nameOf(value: unknown): string {
  if (!Array.isArray(value)) return writeName("mysql", [textOf(value)]);
  return writeName(
    "mysql",
    value.map((part) => textOf(fieldsOf(part)["Identifier"])),
  );
}

function textOf(identifier: unknown): string | undefined {
  const { value } = fieldsOf(identifier);
  return typeof value === "string" ? value : undefined;
}

const aliases: Readonly<Record<string, string>> = {
  bool: "tinyint",
  boolean: "tinyint",
  character: "char",
  charactervarying: "varchar",
  dec: "decimal",
  doubleprecision: "double",
  integer: "int",
  numeric: "decimal",
};

function readType(dataType: unknown): ColumnType {
  const [variant, content] = variantOf(dataType);
  const [customName, customArguments] = variant === "Custom" ? listOf(content) : [];
  const written = variant === "Custom" ? nameOf(customName) : variant.replace(/Unsigned$/, "");
  const lower = written.toLowerCase();
  const name = aliases[lower] ?? lower;
  return {
    name,
    // The width of an integer is only how it is shown.
    arguments: name.endsWith("int") ? [] : argumentsIn(customArguments ?? content),
    array: false,
    unsigned: variant.endsWith("Unsigned"),
  };
}

function argumentsIn(content: unknown): string[] {
  if (typeof content === "number" || typeof content === "bigint") return [String(content)];
  if (typeof content === "string") return [content];
  if (Array.isArray(content)) return content.flatMap(argumentsIn);
  return Object.values(fieldsOf(content)).flatMap(argumentsIn);
}

/** A column of CREATE TABLE or ADD COLUMN. */
export function readColumn(definition: unknown): ColumnDefinition {
  const { name, data_type: dataType, options } = fieldsOf(definition);
  const optionsOnly = listOf(options).map((option) => fieldsOf(option)["option"]);
  return readColumnOf(nameOf(name), dataType, optionsOnly);
}

export function readColumnOf(
  name: string,
  dataType: unknown,
  options: readonly unknown[],
): ColumnDefinition {
  const column = plainColumn(name, readType(dataType));
  if (variantOf(dataType)[0] === "Custom" && column.type?.name === "serial") {
    Object.assign(column, { notNull: true, identity: "default", unique: true });
  }
  for (const option of options) readOption(column, option);
  return column;
}

function readOption(column: ColumnDefinition, option: unknown): void {
  const [kind, content] = variantOf(option);
  if (kind === "NotNull") column.notNull = true;
  if (kind === "Default") column.default = defaultOf(content);
  if (kind === "PrimaryKey") Object.assign(column, { primaryKey: true, notNull: true });
  if (kind === "Unique") column.unique = true;
  if (kind === "Check" && fieldsOf(content)["enforced"] !== false) {
    column.check = readCheck(fieldsOf(content)["expr"]);
  }
  if (kind === "ForeignKey") column.references = nameOf(fieldsOf(content)["foreign_table"]);
  if (kind === "Generated") {
    const isStored = fieldsOf(content)["generation_expr_mode"] === "Stored";
    column.generated = isStored ? "stored" : "virtual";
  }
  if (kind === "DialectSpecific" && JSON.stringify(content).includes('"AUTO_INCREMENT"')) {
    column.identity = "default";
  }
}

/** The present moment is the same for every row. */
const steady = new Set(["current_timestamp", "now", "localtime", "localtimestamp", "current_date"]);

function defaultOf(expression: unknown): ColumnDefinition["default"] {
  if (fieldsOf(fieldsOf(expression)["Value"])["value"] === "Null") return "none";
  for (const fields of objectsOf(expression)) {
    const call = fields["Function"];
    if (call === undefined) continue;
    if (!steady.has(nameOf(fieldsOf(call)["name"]).toLowerCase())) return "volatile";
  }
  return "constant";
}

function readCheck(expression: unknown): CheckCondition {
  return { columns: columnsIn(expression), notNull: demandedColumns(expression) };
}

function columnsIn(expression: unknown): string[] {
  const columns = new Set<string>();
  for (const fields of objectsOf(expression)) {
    if (fields["Identifier"] !== undefined) columns.add(nameOf(fields["Identifier"]));
    const path = listOf(fields["CompoundIdentifier"]);
    if (path.length > 0) columns.add(nameOf(path.at(-1)));
  }
  return [...columns];
}

function demandedColumns(expression: unknown): string[] {
  const pending: unknown[] = [expression];
  const demanded: string[] = [];
  while (pending.length > 0) {
    const [kind, content] = variantOf(pending.pop());
    const { left, op, right } = fieldsOf(content);
    if (kind === "BinaryOp" && op === "And") pending.push(left, right);
    if (kind === "Nested") pending.push(content);
    if (kind === "IsNotNull") demanded.push(...columnsIn(content));
  }
  return demanded;
}

const constraintKinds: Readonly<Record<string, TableConstraint["kind"]>> = {
  PrimaryKey: "primaryKey",
  Unique: "unique",
  Check: "check",
  ForeignKey: "foreignKey",
};

/** Null for an index, which is written as if it were a constraint. */
export function readTableConstraint(constraint: unknown): TableConstraint | null {
  const [variant, content] = variantOf(constraint);
  const kind = constraintKinds[variant];
  if (kind === undefined) return null;
  const fields: Fields = fieldsOf(content);
  const name = fields["name"] ?? fields["index_name"];
  return {
    kind,
    name: name === undefined ? null : nameOf(name),
    columns: kind === "foreignKey" ? listOf(fields["columns"]).map(nameOf) : indexColumns(content),
    validated: true,
    enforced: fields["enforced"] !== false,
    usingIndex: null,
    references: kind === "foreignKey" ? nameOf(fields["foreign_table"]) : null,
    check: kind === "check" ? readCheck(fields["expr"]) : null,
  };
}

/** The columns of an index; of `name(10)`, which the parser takes for a call, the name. */
export function indexColumns(index: unknown): string[] {
  return listOf(fieldsOf(index)["columns"]).flatMap((column) => {
    const expression = fieldsOf(fieldsOf(fieldsOf(column)["column"])["expr"]);
    const call = fieldsOf(expression["Function"]);
    return call["name"] === undefined ? columnsIn(expression) : [nameOf(call["name"])];
  });
}
