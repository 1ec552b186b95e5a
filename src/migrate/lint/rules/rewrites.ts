import type { ActionOf } from "../actions.ts";
import { type ColumnDefinition, describeType } from "../column.ts";
import { joinNames } from "../names.ts";
import { type Problem, type Rule, type Scene, onAction } from "../rule.ts";
import { judgeTypeChange } from "../type-change.ts";
import { typeChangeSteps } from "./columns.ts";

type Rewriting = "rewriteTable" | "addColumn" | "changeType" | "redefineColumn" | "dropPrimaryKey";

const rewriteTable: Rule = {
  name: "rewrite-table",
  summary: "Writes every row of a table anew while its writers, and mostly its readers, wait.",
  effect: "blocks",
  level: "error",
  dialects: ["postgres", "mysql"],
  checkAction: onAction<Rewriting>(
    ["rewriteTable", "addColumn", "changeType", "redefineColumn", "dropPrimaryKey"],
    (action, scene) => {
      // MySQL was told to refuse if it had to.
      if (scene.statement.online) return null;
      switch (action.kind) {
        case "rewriteTable":
          return wholeTable(action, scene);
        case "addColumn":
          return addedColumn(action, scene);
        case "changeType":
          return changedType(action.table, action.column, action.type, action.using, scene);
        case "redefineColumn":
          return redefinedColumn(action, scene);
        case "dropPrimaryKey":
          return droppedKey(action, scene);
      }
    },
  ),
};

/** Who waits while a table is written anew. */
function consequence(table: string, { dialect }: Scene): string {
  return dialect === "mysql"
    ? `${table} is copied row by row; its writers wait until that is done`
    : `${table} is written anew with all of its indexes; its readers and writers wait meanwhile`;
}

const onlineCopy =
  "Let gh-ost or pt-online-schema-change copy the table beside its writers, or append " +
  "ALGORITHM=INPLACE, LOCK=NONE, so that the server refuses rather than block.";

function wholeTable(action: ActionOf<"rewriteTable">, scene: Scene): Problem {
  const { table, clause, level } = action;
  if (level === "warning") {
    return {
      level,
      message: `${clause}: ${table} is written anew, and copied while its writers wait if it is of another engine now.`,
      rewrite: onlineCopy,
    };
  }
  return {
    message: `${clause}: ${consequence(table, scene)}.`,
    rewrite:
      scene.dialect === "mysql"
        ? onlineCopy
        : `Make a new table as ${table} should be, fill it in batches while triggers or the release ` +
          "keep it up to date, and use it from a later release on.",
  };
}

function addedColumn({ table, column }: ActionOf<"addColumn">, scene: Scene): Problem | null {
  const { name } = column;
  const because = rewritingDefinition(column, scene);
  if (because === null) return null;
  const type = column.type === null ? "" : ` ${describeType(column.type)}`;
  return {
    message: `${because}: ${consequence(table, scene)}.`,
    rewrite:
      scene.dialect === "mysql"
        ? `Add ${name} as a plain column and fill it in batches. ${onlineCopy}`
        : `1. ALTER TABLE ${table} ADD COLUMN ${name}${type};\n` +
          `2. Give new rows their value: ALTER TABLE ${table} ALTER COLUMN ${name} SET DEFAULT …; ` +
          "(or by the release, or a trigger)\n" +
          `3. In a migration after it, in batches: UPDATE ${table} SET ${name} = … WHERE …;`,
  };
}

/** Why adding the column takes more than a note in the catalogue. */
function rewritingDefinition(column: ColumnDefinition, { dialect }: Scene): string | null {
  const { name, generated, identity } = column;
  if (generated === "stored") return `${name} is computed for every row`;
  if (identity !== null) return `${name} numbers every row`;
  if (column.default === "volatile") return `The default of ${name} differs from row to row`;
  return dialect === "mysql" && column.primaryKey ? `${name} becomes the primary key` : null;
}

function changedType(
  table: string,
  column: string,
  type: NonNullable<ColumnDefinition["type"]>,
  isConverted: boolean,
  scene: Scene,
): Problem | null {
  const former = scene.known.column(table, column)?.definition?.type ?? null;
  const isCheap = former !== null && !judgeTypeChange(scene.dialect, former, type).rewrites;
  if (isCheap && !isConverted) return null;
  const doubt = former === null ? " (unless only a length or precision grows)" : "";
  return {
    message: `${column} becomes ${describeType(type)}: ${consequence(table, scene)}${doubt}.`,
    rewrite: typeChangeSteps(table, column, describeType(type)),
  };
}

function redefinedColumn(action: ActionOf<"redefineColumn">, scene: Scene): Problem | null {
  const { table, column, definition } = action;
  if (definition.generated === "stored") {
    return {
      message: `${column} is computed for every row: ${consequence(table, scene)}.`,
      rewrite: onlineCopy,
    };
  }
  if (definition.type === null) return null;
  return changedType(table, column, definition.type, false, scene);
}

/** MySQL exchanges one primary key for another in place, but removes one by a copy. */
function droppedKey({ table }: ActionOf<"dropPrimaryKey">, scene: Scene): Problem | null {
  const isExchanged = scene.statement.actions.some(
    (other) => other.kind === "addConstraint" && other.constraint.kind === "primaryKey",
  );
  if (isExchanged) return null;
  return {
    message: `Without its primary key, ${consequence(table, scene)}.`,
    rewrite: `Add the new primary key in the same statement:\n   ALTER TABLE ${table} DROP PRIMARY KEY, ADD PRIMARY KEY (…), ALGORITHM=INPLACE, LOCK=NONE;`,
  };
}

const compactTable: Rule = {
  name: "compact-table",
  summary: "Packs a table, or the whole file, anew while its users wait.",
  effect: "blocks",
  level: "error",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["compactTable"], ({ table, command }, { dialect }): Problem => {
    const place = table ?? "every table";
    if (dialect === "postgres") {
      return {
        message: `Readers and writers of ${place} wait until ${command} has written it anew.`,
        rewrite:
          "Plain VACUUM frees the space for new rows beside everybody else, and autovacuum does " +
          "that by itself; to give it back to the system, use pg_repack.",
      };
    }
    if (dialect === "sqlite") {
      return {
        level: "warning",
        message:
          "VACUUM writes the whole file anew, with as much free space again; every other writer " +
          "waits, and gets SQLITE_BUSY when its timeout is over.",
        rewrite: "Run it by hand at a quiet time, or use PRAGMA incremental_vacuum.",
      };
    }
    return {
      level: "warning",
      message:
        `${place} is written anew; with a full-text index, or in another engine than InnoDB, its ` +
        "writers wait meanwhile.",
      rewrite: `Run it at a quiet time, or let pt-online-schema-change do it: ${joinNames(place)} needs no migration for that.`,
    };
  }),
};

export const rewriteRules: readonly Rule[] = [rewriteTable, compactTable];
