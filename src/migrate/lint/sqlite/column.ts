import type {
  ColumnConstraint,
  ColumnDefinition as ColumnNode,
  Expr,
  Name,
  QualifiedName,
  TableConstraint as ConstraintNode,
  NamedTableConstraint,
  Type,
} from "sqlite3-parser";
import type { TableConstraint } from "../actions.ts";
import {
  type CheckCondition,
  type ColumnDefinition,
  type ColumnType,
  plainColumn,
} from "../column.ts";
import { writeName } from "../names.ts";
import { objectsOf } from "../tree.ts";

export function identifier(name: Name | undefined): string {
  return writeName("sqlite", [name?.text]);
}

export function qualifiedName(name: QualifiedName): string {
  return writeName("sqlite", [name.dbName?.text, name.objName.text]);
}

/** The grammar counts GENERATED ALWAYS to the type's name, as SQLite itself does at first. */
function readType(type: Type): ColumnType | null {
  const name = type.name
    .toLowerCase()
    .replace(/\s*\bgenerated always$/, "")
    .trim();
  if (name === "") return null;
  const { size } = type;
  const parts = size === undefined ? [] : "size" in size ? [size.size] : [size.size1, size.size2];
  return { name, arguments: parts.map(writtenNumber), array: false, unsigned: false };
}

function writtenNumber(expression: Expr): string {
  return expression.type === "NumericLiteral" ? expression.value : "?";
}

export function readColumn(node: ColumnNode): ColumnDefinition {
  const type = node.colType === undefined ? null : readType(node.colType);
  const column = plainColumn(identifier(node.colName), type);
  for (const { constraint } of node.constraints) readColumnConstraint(column, constraint);
  return column;
}

function readColumnConstraint(column: ColumnDefinition, constraint: ColumnConstraint): void {
  switch (constraint.type) {
    case "NotNullColumnConstraint":
      column.notNull = !constraint.nullable;
      break;
    case "DefaultColumnConstraint":
      column.default = defaultOf(constraint.expr);
      break;
    case "PrimaryKeyColumnConstraint":
      column.primaryKey = true;
      if (column.type?.name === "integer") column.identity = "default";
      break;
    case "UniqueColumnConstraint":
      column.unique = true;
      break;
    case "CheckColumnConstraint":
      column.check = readCheck(constraint.expr);
      break;
    case "ForeignKeyColumnConstraint":
      column.references = identifier(constraint.clause.tblName);
      break;
    case "GeneratedColumnConstraint":
      column.generated = constraint.typ?.name.toLowerCase() === "stored" ? "stored" : "virtual";
      break;
    case "CollateColumnConstraint":
    case "DeferColumnConstraint":
      break;
  }
}

const constants = new Set<string>([
  "NumericLiteral",
  "StringLiteral",
  "BlobLiteral",
  "KeywordLiteral",
  "NameExpr",
  "Id",
]);

/** SQLite adds a column only with a default that needs no computing; a sign is allowed. */
function defaultOf(expression: Expr): ColumnDefinition["default"] {
  let inner: Expr | undefined = expression;
  for (;;) {
    if (inner?.type === "UnaryExpr") inner = inner.expr;
    else if (inner?.type === "ParenthesizedExpr" && inner.exprs.length === 1) [inner] = inner.exprs;
    else break;
  }
  if (inner?.type === "NullLiteral") return "none";
  return constants.has(inner?.type ?? "") ? "constant" : "volatile";
}

function readCheck(expression: Expr): CheckCondition {
  return { columns: columnsIn(expression), notNull: demandedColumns(expression) };
}

export function columnsIn(expression: unknown): string[] {
  const columns = new Set<string>();
  for (const fields of objectsOf(expression)) {
    const node = fields as unknown as Expr;
    if (node.type === "Id") columns.add(writeName("sqlite", [node.name]));
    if (node.type === "QualifiedExpr") columns.add(identifier(node.column));
  }
  return [...columns];
}

function demandedColumns(expression: Expr): string[] {
  const pending: Expr[] = [expression];
  const demanded: string[] = [];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.type === "BinaryExpr" && node.op === "And") pending.push(node.left, node.right);
    else if (node.type === "ParenthesizedExpr") pending.push(...node.exprs);
    else if (node.type === "NotNullExpr") demanded.push(...columnsIn(node.expr));
    else if (isNotNullTest(node)) demanded.push(...columnsIn(node.left));
  }
  return demanded;
}

function isNotNullTest(node: Expr): node is Extract<Expr, { type: "BinaryExpr" }> {
  return node.type === "BinaryExpr" && node.op === "IsNot" && node.right.type === "NullLiteral";
}

export function readTableConstraint(node: NamedTableConstraint): TableConstraint {
  const { constraint } = node;
  return {
    kind: kindOf(constraint),
    name: node.name === undefined ? null : identifier(node.name),
    columns: constraintColumns(constraint),
    validated: true,
    enforced: true,
    usingIndex: null,
    references:
      constraint.type === "ForeignKeyTableConstraint"
        ? identifier(constraint.clause.tblName)
        : null,
    check: constraint.type === "CheckTableConstraint" ? readCheck(constraint.expr) : null,
  };
}

function kindOf(constraint: ConstraintNode): TableConstraint["kind"] {
  switch (constraint.type) {
    case "PrimaryKeyTableConstraint":
      return "primaryKey";
    case "UniqueTableConstraint":
      return "unique";
    case "ForeignKeyTableConstraint":
      return "foreignKey";
    case "CheckTableConstraint":
      return "check";
  }
}

function constraintColumns(constraint: ConstraintNode): string[] {
  if (constraint.type === "CheckTableConstraint") return [];
  if (constraint.type === "ForeignKeyTableConstraint") {
    return constraint.columns.map(({ colName }) => identifier(colName));
  }
  return constraint.columns.flatMap(({ expr }) => columnsIn(expr));
}
