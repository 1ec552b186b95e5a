import { type Rule, onAction } from "../rule.ts";

const refusedColumn: Rule = {
  name: "refused-column",
  summary: "Adds a column of a kind that SQLite adds only to an empty table, or not at all.",
  effect: "fails",
  level: "error",
  dialects: ["sqlite"],
  checkAction: onAction(["addColumn"], ({ table, column }) => {
    const { name } = column;
    const kind = column.primaryKey
      ? "a PRIMARY KEY"
      : column.unique
        ? "UNIQUE"
        : column.generated === "stored"
          ? "a STORED generated"
          : column.default === "volatile"
            ? "a computed default for a"
            : null;
    if (kind === null) return null;
    const rewrite = column.unique
      ? `ALTER TABLE ${table} ADD COLUMN ${name} …; without UNIQUE, then\n` +
        `   CREATE UNIQUE INDEX ${table}_${name} ON ${table} (${name});`
      : column.generated === "stored"
        ? "Make it GENERATED ALWAYS AS (…) VIRTUAL; an index on it stores its values."
        : "Add it nullable, or with a constant as its default, and fill it with UPDATE in batches.";
    return {
      message: `SQLite refuses to add ${kind} column to a table with rows: the migration fails at ${table}.${name}.`,
      rewrite,
    };
  }),
};

export const sqliteRules: readonly Rule[] = [refusedColumn];
