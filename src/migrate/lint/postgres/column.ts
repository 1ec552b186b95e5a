import type { ColumnDef, ConstrType, Constraint, Node, TypeName } from "libpg-query";
import type { TableConstraint } from "../actions.ts";
import { type ColumnDefinition, type ColumnType, plainColumn } from "../column.ts";
import { isNull, isVolatile, readCheck } from "./expression.ts";
import { identifier, relationName, texts } from "./name.ts";

/** The names that people write, by those that the parser gives. */
const written: Readonly<Record<string, string>> = {
  bool: "boolean",
  bpchar: "char",
  float4: "real",
  float8: "double precision",
  int2: "smallint",
  int4: "integer",
  int8: "bigint",
};

const numbering: Readonly<Record<string, string>> = {
  smallserial: "smallint",
  serial2: "smallint",
  serial: "integer",
  serial4: "integer",
  bigserial: "bigint",
  serial8: "bigint",
};

export function readType(type: TypeName): ColumnType {
  const name = texts(type.names).at(-1) ?? "";
  return {
    name: numbering[name] ?? written[name] ?? name,
    arguments: (type.typmods ?? []).map(numberOf),
    array: (type.arrayBounds ?? []).length > 0,
    unsigned: false,
  };
}

function numberOf(node: Node): string {
  return "A_Const" in node ? String(node.A_Const.ival?.ival ?? 0) : "?";
}

export function readColumn(definition: ColumnDef): ColumnDefinition {
  const { typeName } = definition;
  const column = plainColumn(
    identifier(definition.colname),
    typeName === undefined ? null : readType(typeName),
  );
  if ((texts(typeName?.names).at(-1) ?? "") in numbering) {
    column.identity = "default";
    column.default = "volatile";
    column.notNull = true;
  }
  for (const node of definition.constraints ?? []) {
    if (!("Constraint" in node)) continue;
    const { contype } = node.Constraint;
    if (contype !== undefined) columnConstraints[contype]?.(column, node.Constraint);
  }
  return column;
}

type ConstraintReader = (column: ColumnDefinition, constraint: Constraint) => void;

const columnConstraints: { readonly [Type in ConstrType]?: ConstraintReader } = {
  CONSTR_NOTNULL(column) {
    column.notNull = true;
  },
  CONSTR_DEFAULT(column, constraint) {
    column.default = defaultOf(constraint.raw_expr);
  },
  CONSTR_IDENTITY(column, constraint) {
    column.identity = constraint.generated_when === "a" ? "always" : "default";
    column.notNull = true;
  },
  CONSTR_GENERATED(column, constraint) {
    column.generated = constraint.generated_kind === "v" ? "virtual" : "stored";
  },
  CONSTR_PRIMARY(column) {
    column.primaryKey = true;
    column.notNull = true;
  },
  CONSTR_UNIQUE(column) {
    column.unique = true;
  },
  CONSTR_CHECK(column, constraint) {
    column.check = readCheck(constraint.raw_expr);
  },
  CONSTR_FOREIGN(column, constraint) {
    column.references = relationName(constraint.pktable);
  },
};

function defaultOf(expression: Node | undefined): ColumnDefinition["default"] {
  if (isNull(expression)) return "none";
  return isVolatile(expression) ? "volatile" : "constant";
}

const constraintKinds: Readonly<Record<string, TableConstraint["kind"]>> = {
  CONSTR_PRIMARY: "primaryKey",
  CONSTR_UNIQUE: "unique",
  CONSTR_EXCLUSION: "exclusion",
  CONSTR_CHECK: "check",
  CONSTR_FOREIGN: "foreignKey",
  CONSTR_NOTNULL: "notNull",
};

/** Null for what is no constraint of its own, as DEFERRABLE. */
export function readTableConstraint(constraint: Constraint): TableConstraint | null {
  const kind = constraintKinds[constraint.contype ?? ""];
  if (kind === undefined) return null;
  const columns = kind === "foreignKey" ? constraint.fk_attrs : constraint.keys;
  return {
    kind,
    name: constraint.conname === undefined ? null : identifier(constraint.conname),
    columns: texts(columns).map(identifier),
    validated: constraint.skip_validation !== true,
    enforced: constraint.is_enforced === true || !["check", "foreignKey"].includes(kind),
    usingIndex: constraint.indexname === undefined ? null : identifier(constraint.indexname),
    references: kind === "foreignKey" ? relationName(constraint.pktable) : null,
    check: kind === "check" ? readCheck(constraint.raw_expr) : null,
  };
}
