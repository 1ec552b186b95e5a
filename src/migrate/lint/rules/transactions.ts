import { type ActionTable, lookUp } from "../action-table.ts";
import type { SchemaAction } from "../actions.ts";
import { type JudgedStatement, type MigrationProblem, type Rule, onAction } from "../rule.ts";

const needsNoTransaction: Rule = {
  name: "needs-no-transaction",
  summary:
    "A statement that the database refuses inside a transaction, in a migration that has one.",
  effect: "fails",
  level: "error",
  dialects: ["postgres", "sqlite"],
  checkAction(action, { transactional }) {
    const command = transactional ? outsideCommand(action) : null;
    if (command === null) return null;
    return {
      message: `${command} cannot run inside a transaction: the migration fails here, and is undone.`,
      rewrite:
        "Put the statement into a migration of its own, with the comment\n" +
        "   -- studio: no-transaction\nor, in a program, export const transaction = false.",
    };
  },
};

const concurrentCommands: ActionTable<null, string> = {
  addIndex: () => "CREATE INDEX CONCURRENTLY",
  dropIndex: () => "DROP INDEX CONCURRENTLY",
  reindex: ({ command }) => `${command} CONCURRENTLY`,
  detachPartition: () => "DETACH PARTITION CONCURRENTLY",
};

function outsideCommand(action: SchemaAction): string | null {
  if (action.kind === "outsideTransaction") return action.command;
  if (!("concurrently" in action) || !action.concurrently) return null;
  return lookUp(concurrentCommands, action, null) ?? null;
}

const severalStatements: Rule = {
  name: "several-statements",
  summary: "Several statements without a transaction: what was done before a failure stays.",
  effect: "fails",
  level: "warning",
  dialects: ["postgres", "sqlite"],
  checkMigration({ migration, statements }): MigrationProblem[] {
    const working = [...statements.keys()].filter((index) => doesWork(statements[index]));
    if (migration.transactional || working.length < 2) return [];
    return [
      {
        statement: working[1] ?? null,
        message:
          `If a later one of its ${working.length} statements fails, the earlier ones stay done: until ` +
          "the rest is through, the schema is one that neither release was tried with, and that " +
          "`down` does not know.",
        rewrite: "Make a migration of its own for each of them.",
      },
    ];
  },
};

/** It does more than set a variable of the session. */
function doesWork(statement: JudgedStatement | undefined): boolean {
  const { actions = [], isEmpty = true } = statement ?? {};
  return !isEmpty && !(actions.length > 0 && actions.every(({ kind }) => kind === "setting"));
}

const implicitCommit: Rule = {
  name: "implicit-commit",
  summary: "MySQL commits with every change of a definition: several are not undone together.",
  effect: "fails",
  level: "warning",
  dialects: ["mysql"],
  checkMigration({ statements }): MigrationProblem[] {
    const changing = [...statements.keys()].filter(
      (index) => statements[index]?.changes.size !== 0,
    );
    const defining = changing.filter((index) => statements[index]?.changes.has("definition"));
    if (defining.length === 0 || changing.length < 2) return [];
    return [
      {
        statement: changing[1] ?? null,
        message:
          "MySQL commits with every change of a definition: if a later statement fails, the earlier " +
          "ones stay done. Until the rest is through, the schema is one that neither release was " +
          "tried with, and that `down` does not know.",
        rewrite:
          "Make a migration of its own for each, or put the changes of one table into one " +
          "ALTER TABLE, which is done as a whole or not at all.",
      },
    ];
  },
};

const transactionControl: Rule = {
  name: "transaction-control",
  summary: "Begins or ends a transaction inside the one that the migration runs in.",
  effect: "fails",
  level: "error",
  // MySQL's migrations have no transaction around them.
  dialects: ["postgres", "sqlite"],
  checkAction: onAction(["transaction"], ({ command }, { transactional }) => {
    if (!transactional) return null;
    return {
      message:
        `${command} interferes with the transaction in which the migration and its line in the ` +
        "journal are committed together: a failure after it leaves the one without the other.",
      rewrite:
        "Leave it out: the migration has a transaction. For one without, write the comment\n" +
        "   -- studio: no-transaction\nor, in a program, export const transaction = false.",
    };
  }),
};

const unusableEnumValue: Rule = {
  name: "unusable-enum-value",
  summary: "Uses a value of an enum in the transaction that adds it, which PostgreSQL refuses.",
  effect: "fails",
  level: "error",
  dialects: ["postgres"],
  checkMigration({ migration, statements }): MigrationProblem[] {
    if (!migration.transactional) return [];
    const created = new Set<string>();
    const added = new Map<string, string>();
    const problems: MigrationProblem[] = [];
    for (const [index, { actions, constants }] of statements.entries()) {
      for (const [value, type] of added) {
        if (!constants.has(value)) continue;
        problems.push({
          statement: index,
          message:
            `'${value}' was added to ${type} in this transaction, and cannot be used before it is ` +
            "committed: the migration fails here, and is undone.",
          rewrite: `Add '${value}' in a migration of its own, before this one.`,
        });
      }
      for (const action of actions) {
        if (action.kind === "create" && action.object === "type") created.add(action.name);
        const isUsable = action.kind === "addEnumValue" && !created.has(action.type);
        if (isUsable) added.set(action.value, action.type);
      }
    }
    return problems;
  },
};

export const transactionRules: readonly Rule[] = [
  needsNoTransaction,
  severalStatements,
  implicitCommit,
  transactionControl,
  unusableEnumValue,
];
