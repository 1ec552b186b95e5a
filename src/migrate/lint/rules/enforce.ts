import type { TableConstraint } from "../actions.ts";
import { type ColumnDefinition, fillsItself } from "../column.ts";
import { type Rule, type Scene, allowing, onAction } from "../rule.ts";

const enforceUnique: Rule = {
  name: "enforce-unique",
  summary: "Refuses duplicates that the running release may write.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["addIndex", "addConstraint", "addColumn"], (action, scene) => {
    const columns = uniqueColumns(action);
    // SQLite's indexes go with a table that is made anew, and are made anew themselves.
    const isRemade =
      action.kind === "addIndex" && scene.known.index(action.index ?? "")?.unique === true;
    if (
      columns === null ||
      isRemade ||
      columns.some((column) => staysNull(action.table, column, scene))
    ) {
      return null;
    }
    return {
      message:
        `The running release may write rows to ${action.table} that are alike in ` +
        `(${columns.join(", ")}); they are refused from here on. The statement itself fails if ` +
        "there are such rows already.",
      rewrite:
        `1. Release a version that keeps (${columns.join(", ")}) unique by itself, and merge the ` +
        "rows that are not.\n" +
        `2. In a release after it, with the comment\n   ${allowing("enforce-unique")}`,
    };
  }),
};

type Uniqueness =
  | { kind: "addIndex"; unique: boolean; columns: string[] }
  | { kind: "addConstraint"; constraint: TableConstraint }
  | { kind: "addColumn"; column: ColumnDefinition };

/** The columns that must differ from now on; null where none must. */
function uniqueColumns(action: Uniqueness): string[] | null {
  if (action.kind === "addIndex") return action.unique ? action.columns : null;
  if (action.kind === "addColumn") {
    // By itself it stays NULL in what the running release writes, and NULLs do not collide.
    const { name, unique, default: value } = action.column;
    return unique && value === "constant" ? [name] : null;
  }
  const { kind, columns, usingIndex } = action.constraint;
  // An index that it takes over was unique before.
  const isUnique = kind === "unique" || kind === "primaryKey" || kind === "exclusion";
  return isUnique && usingIndex === null ? columns : null;
}

/** A new column without a default is NULL in what the running release writes. */
function staysNull(table: string, column: string, { known }: Scene): boolean {
  const definition = known.column(table, column)?.definition;
  return known.isNewColumn(table, column) && definition != null && !fillsItself(definition);
}

const enforceCheck: Rule = {
  name: "enforce-check",
  summary: "Refuses values that the running release may write, also while NOT VALID.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["addConstraint", "addColumn"], (action, scene) => {
    const { table } = action;
    if (action.kind === "addColumn") {
      const { column } = action;
      const isDemanded = column.check?.notNull.includes(column.name) === true;
      if (!isDemanded || fillsItself(column)) return null;
      return problemOf(table, `${column.name} IS NOT NULL`);
    }
    const { kind, enforced, check, name } = action.constraint;
    if (kind !== "check" || !enforced) return null;
    if (check !== null && check.columns.length > 0) {
      const isOfNewColumns = check.columns.every((column) =>
        scene.known.isNewColumn(table, column),
      );
      const isMissing = check.notNull.some((column) => staysNull(table, column, scene));
      if (isOfNewColumns && !isMissing) return null;
    }
    return problemOf(table, name ?? `on ${check?.columns.join(", ") ?? table}`);
  }),
};

function problemOf(table: string, check: string) {
  return {
    message:
      `Rows of ${table} that the running release inserts or updates are refused from here on if ` +
      `they do not meet the CHECK ${check}.`,
    rewrite:
      "1. Release a version that writes only what the CHECK lets through.\n" +
      `2. In a release after it, with the comment\n   ${allowing("enforce-check")}`,
  };
}

const enforceForeignKey: Rule = {
  name: "enforce-foreign-key",
  summary: "Refuses references to rows that are not there, and removals of rows referred to.",
  effect: "breaks",
  level: "warning",
  dialects: ["postgres", "mysql"],
  checkAction: onAction(["addConstraint"], ({ table, constraint }, { known }) => {
    const { kind, enforced, columns, references } = constraint;
    if (kind !== "foreignKey" || !enforced) return null;
    if (columns.every((column) => known.isNewColumn(table, column))) return null;
    return {
      message:
        `If the running release writes to ${table} (${columns.join(", ")}) before the row of ` +
        `${references ?? "the other table"} is there, or removes that row first, its statement ` +
        "is refused from here on.",
      rewrite:
        "Check the order in which the running release writes. If it keeps to it, say so:\n   " +
        `${allowing("enforce-foreign-key")}\nIf not, release a version that does first.`,
    };
  }),
};

const dropUnique: Rule = {
  name: "drop-unique",
  summary: "Takes away a key that upserts of the running release name, or that it relies on.",
  effect: "breaks",
  level: "warning",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["dropIndex", "dropConstraint", "dropPrimaryKey"], (action, scene) => {
    const key = uniqueKey(action, scene);
    if (key === null) return null;
    const upsert = scene.dialect === "mysql" ? "ON DUPLICATE KEY UPDATE" : "ON CONFLICT";
    return {
      message:
        `${key} no longer keeps duplicates out, and INSERT … ${upsert} of the running release ` +
        `${scene.dialect === "mysql" ? "inserts where it updated before" : "fails without it"}.`,
      rewrite:
        "1. Release a version that does not rely on it.\n" +
        `2. In a release after it, with the comment\n   ${allowing("drop-unique")}`,
    };
  }),
};

function uniqueKey(
  action:
    | { kind: "dropIndex"; index: string }
    | { kind: "dropConstraint"; table: string; constraint: string }
    | { kind: "dropPrimaryKey"; table: string },
  { known }: Scene,
): string | null {
  if (action.kind === "dropPrimaryKey") return `the primary key of ${action.table}`;
  if (action.kind === "dropIndex") {
    return known.index(action.index)?.unique === true ? action.index : null;
  }
  const kind = known.constraint(action.table, action.constraint)?.kind;
  return kind === "unique" || kind === "primaryKey" ? action.constraint : null;
}

export const enforcementRules: readonly Rule[] = [
  enforceUnique,
  enforceCheck,
  enforceForeignKey,
  dropUnique,
];
