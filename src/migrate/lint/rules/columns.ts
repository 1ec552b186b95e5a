import { type ColumnDefinition, describeType, fillsItself } from "../column.ts";
import { type Rule, type Scene, allowing, onAction } from "../rule.ts";
import { judgeTypeChange } from "../type-change.ts";

const changeColumnType: Rule = {
  name: "change-column-type",
  summary: "Gives a column a type whose values the running release cannot read or write as before.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql"],
  checkAction: onAction(["changeType", "redefineColumn"], (action, scene) => {
    const { table, column } = action;
    const type = action.kind === "changeType" ? action.type : action.definition.type;
    if (type === null || scene.known.isNewColumn(table, column)) return null;
    const former = scene.known.column(table, column)?.definition?.type ?? null;
    const isConverted = action.kind === "changeType" && action.using;
    const isKnownSafe =
      former !== null && judgeTypeChange(scene.dialect, former, type).isCompatible;
    if (isKnownSafe && !isConverted) return null;
    const from = former === null ? "" : ` from ${describeType(former)}`;
    const doubt =
      former === null
        ? " (The lint does not know the former type; longer text and a larger precision are safe.)"
        : "";
    return {
      message:
        `${table}.${column} changes${from} to ${describeType(type)}: values that the running ` +
        "release writes may be refused or cut, and it gets values that its driver reads as " +
        `another type.${doubt}`,
      rewrite: typeChangeSteps(table, column, describeType(type)),
    };
  }),
};

/** The way round a change of type, over several releases. */
export function typeChangeSteps(table: string, column: string, type: string): string {
  const copy = `${column.replaceAll(/[`"]/g, "")}_new`;
  return (
    `1. ALTER TABLE ${table} ADD COLUMN ${copy} ${type}; release a version that writes both.\n` +
    `2. Copy the older rows in batches: UPDATE ${table} SET ${copy} = ${column} WHERE …;\n` +
    `3. Release a version that uses ${copy} alone; in a release after it, ` +
    `ALTER TABLE ${table} DROP COLUMN ${column};`
  );
}

const addRequiredColumn: Rule = {
  name: "add-required-column",
  summary: "Adds a NOT NULL column without a default, which the running release does not fill.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["addColumn"], ({ table, column }, { dialect }) => {
    if (!column.notNull || fillsItself(column)) return null;
    const type = column.type === null ? "" : ` ${describeType(column.type)}`;
    const refusal =
      dialect === "mysql" ? "" : " The statement itself fails if the table has any row.";
    return {
      message:
        `INSERTs of the running release leave ${table}.${column.name} out, and are refused from ` +
        `here on.${refusal}`,
      rewrite:
        "Give it a default, which costs no rewrite of the table:\n" +
        `   ALTER TABLE ${table} ADD COLUMN ${column.name}${type} NOT NULL DEFAULT …;\n` +
        "or add it without NOT NULL, release a version that fills it, copy the older rows in " +
        "batches, and make it NOT NULL in a release after that.",
    };
  }),
};

const requireColumn: Rule = {
  name: "require-column",
  summary: "Makes a column NOT NULL while the running release may leave it out or write NULL.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["setNotNull", "redefineColumn", "addConstraint"], (action, scene) => {
    const column = requiredColumn(action);
    if (column === null || isRequired(action.table, column, scene)) return null;
    const { known } = scene;
    const isNew = known.isNewColumn(action.table, column);
    const definition =
      action.kind === "redefineColumn"
        ? action.definition
        : known.column(action.table, column)?.definition;
    if (isNew && definition != null && fillsItself(definition)) return null;
    return {
      message:
        `INSERTs and UPDATEs of the running release that leave ${action.table}.${column} out or ` +
        "set it to NULL are refused from here on.",
      rewrite:
        `1. Release a version that always fills ${action.table}.${column}, or give it a default.\n` +
        "2. Fill the older rows in batches.\n" +
        `3. In a release after it, with the comment\n   ${allowing("require-column")}`,
    };
  }),
};

function requiredColumn(
  action:
    | { kind: "setNotNull"; column: string }
    | { kind: "redefineColumn"; column: string; definition: ColumnDefinition }
    | { kind: "addConstraint"; constraint: { kind: string; columns: string[] } },
): string | null {
  if (action.kind === "setNotNull") return action.column;
  if (action.kind === "redefineColumn") return action.definition.notNull ? action.column : null;
  return action.constraint.kind === "notNull" ? (action.constraint.columns[0] ?? null) : null;
}

/** Nothing becomes stricter: it is NOT NULL already, or a CHECK says the same. */
function isRequired(table: string, column: string, { known }: Scene): boolean {
  return (
    known.column(table, column)?.definition?.notNull === true ||
    known.demandsValue(table, column, false)
  );
}

const dropDefault: Rule = {
  name: "drop-default",
  summary: "Takes away the value that a column has when the running release leaves it out.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql"],
  checkAction: onAction(["dropDefault", "redefineColumn"], (action, { known }) => {
    const { table, column } = action;
    const former = known.column(table, column);
    const definition = former?.definition ?? null;
    if (action.kind === "redefineColumn") {
      if (definition === null || fillsItself(action.definition)) return null;
    }
    if (definition !== null && !fillsItself(definition)) return null;
    if (former?.isNew === true && definition?.notNull !== true) return null;
    const consequence =
      definition === null
        ? "are refused if it is NOT NULL, and store NULL otherwise"
        : definition.notNull
          ? "are refused from here on"
          : "store NULL from here on";
    return {
      message: `INSERTs of the running release that leave ${table}.${column} out ${consequence}.`,
      rewrite:
        `1. Release a version that always names ${column} in its INSERTs.\n` +
        `2. In a release after it:\n   ${allowing("drop-default")}\n` +
        `   ALTER TABLE ${table} ALTER COLUMN ${column} DROP DEFAULT;`,
    };
  }),
};

const alwaysGenerated: Rule = {
  name: "always-generated",
  summary: "Makes a column refuse the numbers that the running release may bring along.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres"],
  checkAction: onAction(["setIdentity"], ({ table, column, identity }, { known }) => {
    if (identity !== "always" || known.isNewColumn(table, column)) return null;
    return {
      message:
        `INSERTs of the running release that give ${table}.${column} a value are refused from ` +
        "here on, with a hint to use OVERRIDING SYSTEM VALUE.",
      rewrite:
        `ALTER TABLE ${table} ALTER COLUMN ${column} ADD GENERATED BY DEFAULT AS IDENTITY;\n` +
        "and change it to ALWAYS (SET GENERATED ALWAYS) in a release after one that leaves the " +
        "column out.",
    };
  }),
};

export const columnRules: readonly Rule[] = [
  changeColumnType,
  addRequiredColumn,
  requireColumn,
  dropDefault,
  alwaysGenerated,
];
