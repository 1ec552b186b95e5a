import { type MigrationProblem, type Rule, onAction } from "../rule.ts";
import { outOfTransaction } from "./indexes.ts";

const lockTable: Rule = {
  name: "lock-table",
  summary: "Locks a table by itself, for as long as the migration takes.",
  effect: "blocks",
  level: "error",
  dialects: ["postgres", "mysql"],
  checkAction: onAction(["lockTable"], ({ table, mode }, { dialect }) => ({
    message:
      dialect === "mysql"
        ? `Writers of ${table}${mode === "WRITE" ? ", and readers," : ""} wait until the tables are unlocked.`
        : `Writers of ${table}${mode === "ACCESS EXCLUSIVE" ? ", and readers," : ""} wait until the ` +
          `transaction ends: it holds ${mode}.`,
    rewrite:
      "Leave it out: each statement takes the lock that it needs. To keep rows as they are, lock " +
      `those rows: SELECT … FROM ${table} WHERE … FOR UPDATE;`,
  })),
};

const refreshView: Rule = {
  name: "refresh-view",
  summary: "Fills a materialized view anew while its readers wait.",
  effect: "blocks",
  level: "error",
  dialects: ["postgres"],
  checkAction: onAction(["refreshView"], ({ view, concurrently }) => {
    if (concurrently) return null;
    return {
      message: `Queries of the running release on ${view} wait until it is filled anew.`,
      rewrite: `With a unique index on it: REFRESH MATERIALIZED VIEW CONCURRENTLY ${view};`,
    };
  }),
};

const detachPartition: Rule = {
  name: "detach-partition",
  summary: "Takes a partition off a table while everybody else waits.",
  effect: "blocks",
  level: "error",
  dialects: ["postgres"],
  checkAction: onAction(["detachPartition"], ({ table, partition, concurrently }) => {
    if (concurrently) return null;
    return {
      message: `Readers and writers of ${table} and all its partitions wait until the transaction ends.`,
      rewrite:
        `Detach it beside them, ${outOfTransaction}` +
        `   ALTER TABLE ${table} DETACH PARTITION ${partition} CONCURRENTLY;`,
    };
  }),
};

/** From this many on, one waiting for another is likely enough to be said. */
const manyTables = 3;

const manyLocks: Rule = {
  name: "many-locks",
  summary: "Keeps several tables locked at once: whoever uses two of them may end in a deadlock.",
  effect: "blocks",
  level: "warning",
  dialects: ["postgres"],
  checkMigration({ migration, statements }): MigrationProblem[] {
    const tables = [...new Set(statements.flatMap(({ locks }) => locks))];
    if (!migration.transactional || tables.length < manyTables) return [];
    return [
      {
        statement: null,
        message:
          `The locks on ${tables.join(", ")} are kept to the end of one transaction. While it waits ` +
          "for one of them, the users of the others wait too; a statement of the running release " +
          "that uses two of them in another order deadlocks with it.",
        rewrite: "Make a migration of its own for each table.",
      },
    ];
  },
};

const unlimitedWait: Rule = {
  name: "unlimited-wait",
  summary: "Lets a statement wait for its lock without end, and everybody else behind it.",
  effect: "blocks",
  level: "error",
  dialects: ["postgres"],
  checkAction: onAction(["setting"], ({ name, value }) => {
    const isOff = name === "lock_timeout" && /^(?:0+\s*[a-z]*|default)$/.test(value);
    const isReset = value === "default" && name === "";
    if (!isOff && !isReset) return null;
    return {
      message:
        "Behind one long query, the next ALTER TABLE waits for its lock without end, and every " +
        "later statement on that table waits behind it.",
      rewrite:
        "Leave it out: migrations wait for migrate.lockTimeout, give way, and try again. For longer, " +
        "set a figure: SET LOCAL lock_timeout = '10s';",
    };
  }),
};

export const lockRules: readonly Rule[] = [
  lockTable,
  refreshView,
  detachPartition,
  manyLocks,
  unlimitedWait,
];
