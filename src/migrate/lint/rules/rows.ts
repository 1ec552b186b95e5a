import { type Rule, allowing, onAction } from "../rule.ts";

const removeRows: Rule = {
  name: "remove-rows",
  summary: "Removes every row of a table, or of a partition, that the running release may need.",
  effect: "breaks",
  level: "error",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["removeRows"], ({ table, command }, { dialect }) => {
    const lock =
      command === "TRUNCATE" && dialect === "postgres"
        ? " Until the transaction ends, its readers wait as well."
        : "";
    return {
      message:
        `${command} takes away rows of ${table} that the running release may still read; no ` +
        `migration brings them back.${lock}`,
      rewrite:
        `Remove them once no release reads ${table} any more, or only those that nobody needs, ` +
        `in batches:\n   DELETE FROM ${table} WHERE …;\n` +
        `If they are nobody's, say so:\n   ${allowing("remove-rows")}`,
    };
  }),
};

const updateAllRows: Rule = {
  name: "update-all-rows",
  summary: "Changes every row in one statement, and keeps writers from them until it is through.",
  effect: "blocks",
  level: "error",
  dialects: ["postgres", "mysql", "sqlite"],
  checkAction: onAction(["changeRows"], ({ table, everyRow }, { dialect, lockedBy }) => {
    if (!everyRow || lockedBy(table) !== null) return null;
    const isSqlite = dialect === "sqlite";
    return {
      // A file of one machine: what waits is what writes, and for as long as its timeout.
      level: isSqlite ? "warning" : "error",
      message: isSqlite
        ? `Every other writer of the database waits until each row of ${table} is written and ` +
          "committed, and gets SQLITE_BUSY when its timeout is over."
        : `Each row of ${table} stays locked until the transaction ends: writers of the running ` +
          "release wait, and the rows' old versions pile up.",
      rewrite:
        "Change them in batches, each in a transaction of its own, in a migration of its own " +
        `after the one that changes the schema:\n   UPDATE ${table} SET … WHERE id BETWEEN … AND …;`,
    };
  }),
};

const backfillUnderLock: Rule = {
  name: "backfill-under-lock",
  summary: "Changes rows of a table while the same transaction keeps everybody else from it.",
  effect: "blocks",
  level: "error",
  dialects: ["postgres"],
  checkAction: onAction(["changeRows"], ({ table, command }, { lockedBy }) => {
    const lock = lockedBy(table);
    if (lock === null) return null;
    return {
      message:
        `The lock on ${table} that "${lock}" took is kept to the end of the transaction: readers ` +
        `and writers of the running release wait while this ${command} goes over the rows.`,
      rewrite:
        `Put the ${command} into a migration of its own, after the one that changes the schema, ` +
        `and do it in batches:\n   ${command} … ${table} … WHERE id BETWEEN … AND …;`,
    };
  }),
};

export const rowRules: readonly Rule[] = [removeRows, updateAllRows, backfillUnderLock];
