import { type Rule, type Scene, allowing, onAction } from "../rule.ts";
import { lossesOf, successorOf } from "../successor.ts";

const renameTable: Rule = {
  name: "rename-table",
  summary: "Gives a table another name, or schema, than the running release uses.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["renameTable"], ({ table, to }, scene) => {
    if (hasViewInPlace(table, scene)) return null;
    if (successorOf({ table, movedTo: to }, scene) !== null) return null;
    const isMoved = lastPart(to) === lastPart(table);
    const clause = isMoved ? `SET SCHEMA ${to.split(".")[0] ?? ""}` : `RENAME TO ${lastPart(to)}`;
    const steps =
      scene.dialect === "postgres"
        ? "Leave a view under the old name, in the same transaction; simple statements go through " +
          `it to the table:\n   ALTER TABLE ${table} ${clause};\n` +
          `   CREATE VIEW ${table} AS SELECT * FROM ${to};\n` +
          "Drop the view in a release after the one that knows the new name."
        : `1. Release a version that can do without the name ${table}, for example by a new ` +
          `table ${to} that it fills too.\n` +
          `2. In a release after it, with the comment\n   ${allowing("rename-table")}`;
    return {
      message: `Every statement of the running release that names ${table} fails from here on.`,
      rewrite: steps,
    };
  }),
};

/** A view under the table's name, made in the same transaction. */
function hasViewInPlace(table: string, { dialect, transactional, known, later }: Scene): boolean {
  if (dialect !== "postgres" || !transactional) return false;
  return later().some(
    (action) =>
      action.kind === "create" &&
      action.object === "view" &&
      known.key(action.name) === known.key(table),
  );
}

function lastPart(name: string): string {
  return name.split(".").at(-1) ?? name;
}

const renameColumn: Rule = {
  name: "rename-column",
  summary: "Gives a column another name than the running release uses.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["renameColumn", "redefineColumn"], (action, { known }) => {
    const { table, column } = action;
    const to = action.kind === "renameColumn" ? action.to : action.definition.name;
    if (known.key(to) === known.key(column) || known.isNewColumn(table, column)) return null;
    return {
      message: `Statements of the running release that name ${table}.${column} fail from here on.`,
      rewrite:
        `1. ALTER TABLE ${table} ADD COLUMN ${to} …; release a version that writes both columns ` +
        `and still reads ${column}.\n` +
        `2. Copy the older rows in batches: UPDATE ${table} SET ${to} = ${column} WHERE …;\n` +
        `3. Release a version that uses ${to} alone; in a release after it, ` +
        `ALTER TABLE ${table} DROP COLUMN ${column};`,
    };
  }),
};

const replaceTable: Rule = {
  name: "replace-table",
  summary: "Puts another table in the place of one, without something the running release needs.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["dropTable", "renameTable"], (action, scene) => {
    const { table } = action;
    const movedTo = action.kind === "renameTable" ? action.to : null;
    const successor = successorOf({ table, movedTo }, scene);
    if (successor === null) return null;
    const { known } = scene;
    const losses = lossesOf(known.table(table), successor, (name) => known.key(name));
    if (losses?.length === 0) return null;
    const what =
      losses === null
        ? "The lint does not know all columns of both tables, so it cannot tell whether one that " +
          "the running release uses is gone or has become NOT NULL"
        : `In the new ${table}, ${losses.join(", ")}: statements of the running release fail`;
    return {
      message: `${what}.`,
      rewrite:
        "Keep every column under its name, nullable or with a default where it was, and put new " +
        `ones beside them; take away what is old in a later release, with the comment\n   ` +
        allowing("replace-table"),
    };
  }),
};

export const renameRules: readonly Rule[] = [renameTable, renameColumn, replaceTable];
