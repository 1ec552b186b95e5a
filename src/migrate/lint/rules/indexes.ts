import type { TableConstraint } from "../actions.ts";
import { joinNames } from "../names.ts";
import { type Problem, type Rule, onAction } from "../rule.ts";

/** What a statement that PostgreSQL refuses in a transaction has to stand in. */
export const outOfTransaction =
  "in a migration of its own, with the comment\n   -- studio: no-transaction\n";

const addIndex: Rule = {
  name: "add-index",
  summary: "Builds an index while writers wait.",
  effect: "blocks",
  level: "error",
  dialects: ["postgres", "mysql"],
  checkAction: onAction(["addIndex"], (action, scene): Problem | null => {
    const { table, index, columns, unique, special } = action;
    const list = columns.join(", ");
    const name = index ?? joinNames(table, ...columns, "index");
    if (scene.dialect === "mysql") {
      if (special === null || scene.statement.online) return null;
      return {
        message:
          `Writers of ${table} wait until the ${special} index is built: InnoDB builds such an ` +
          "index under a shared lock, and the first one of a table writes the table anew.",
        rewrite:
          "Build it on a copy that is filled beside the table, as gh-ost and pt-online-schema-change " +
          "do, or while nobody writes.",
      };
    }
    if (action.concurrently) return null;
    return {
      message:
        `Every INSERT, UPDATE and DELETE on ${table} waits until the index is built over all of ` +
        "its rows.",
      rewrite:
        `Build it beside the writers, ${outOfTransaction}` +
        `   CREATE ${unique ? "UNIQUE " : ""}INDEX CONCURRENTLY ${name} ON ${table} (${list});`,
    };
  }),
};

const addKey: Rule = {
  name: "add-key",
  summary: "Adds a primary key, unique or exclusion constraint, and builds its index under a lock.",
  effect: "blocks",
  level: "error",
  dialects: ["postgres"],
  checkAction: onAction(["addConstraint", "addColumn"], (action): Problem | null => {
    const { table } = action;
    if (action.kind === "addColumn") {
      const { name, primaryKey, unique } = action.column;
      if (!primaryKey && !unique) return null;
      return keyProblem(table, [name], primaryKey ? "primaryKey" : "unique", null);
    }
    const { kind, columns, name, usingIndex } = action.constraint;
    if (kind === "exclusion") {
      return {
        message: `Readers and writers of ${table} wait until the constraint's index is built.`,
        rewrite:
          "PostgreSQL cannot build this index beside writers: add it to a new table that is filled " +
          "in batches, or while nobody uses the table.",
      };
    }
    if ((kind !== "primaryKey" && kind !== "unique") || usingIndex !== null) return null;
    return keyProblem(table, columns, kind, name);
  }),
};

function keyProblem(
  table: string,
  columns: readonly string[],
  kind: TableConstraint["kind"],
  name: string | null,
): Problem {
  const index = name ?? joinNames(table, ...columns, kind === "primaryKey" ? "pkey" : "key");
  const key = kind === "primaryKey" ? "PRIMARY KEY" : "UNIQUE";
  return {
    message:
      `Readers and writers of ${table} wait until the index of the ${key.toLowerCase()} ` +
      "constraint is built over all rows.",
    rewrite:
      `1. Build the index beside the writers, ${outOfTransaction}` +
      `   CREATE UNIQUE INDEX CONCURRENTLY ${index} ON ${table} (${columns.join(", ")});\n` +
      "2. In the migration after it, take it over:\n" +
      `   ALTER TABLE ${table} ADD CONSTRAINT ${index} ${key} USING INDEX ${index};`,
  };
}

const dropIndex: Rule = {
  name: "drop-index",
  summary: "Waits for every statement on the table, while every later one waits behind it.",
  effect: "blocks",
  level: "warning",
  dialects: ["postgres"],
  checkAction: onAction(["dropIndex"], ({ index, concurrently }) => {
    if (concurrently) return null;
    return {
      message:
        `Readers and writers of the table of ${index} wait from the moment this asks for its lock ` +
        "until the transaction ends.",
      rewrite: `Drop it beside them, ${outOfTransaction}   DROP INDEX CONCURRENTLY ${index};`,
    };
  }),
};

const reindex: Rule = {
  name: "reindex",
  summary: "Builds an index anew while writers, and readers that would use it, wait.",
  effect: "blocks",
  level: "error",
  dialects: ["postgres"],
  checkAction: onAction(["reindex"], ({ command, name, concurrently }) => {
    if (concurrently) return null;
    return {
      message: `Writers, and readers that the index would serve, wait until ${command} ${name} is done.`,
      rewrite: `Build it beside them, ${outOfTransaction}   ${command} CONCURRENTLY ${name};`,
    };
  }),
};

export const indexRules: readonly Rule[] = [addIndex, addKey, dropIndex, reindex];
