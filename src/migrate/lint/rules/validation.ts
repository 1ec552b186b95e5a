import { joinNames } from "../names.ts";
import { type Problem, type Rule, type Scene, onAction } from "../rule.ts";

const addForeignKey: Rule = {
  name: "add-foreign-key",
  summary: "Adds a foreign key and looks at every row while writers of both tables wait.",
  effect: "blocks",
  level: "error",
  dialects: ["postgres", "mysql"],
  checkAction: onAction(["addConstraint", "addColumn"], (action, scene): Problem | null => {
    const { table } = action;
    if (action.kind === "addColumn") {
      const { name, references } = action.column;
      if (references === null) return null;
      // MariaDB and MySQL 9 make a foreign key of it; earlier versions of MySQL pass over it.
      if (scene.dialect === "mysql") return mysqlForeignKeyProblem(table, references, scene);
      return foreignKeyProblem(table, [name], references, null);
    }
    const { kind, columns, references, validated, enforced, name } = action.constraint;
    if (kind !== "foreignKey" || references === null || !enforced || !validated) return null;
    if (scene.dialect === "mysql") return mysqlForeignKeyProblem(table, references, scene);
    return foreignKeyProblem(table, columns, references, name);
  }),
};

function foreignKeyProblem(
  table: string,
  columns: readonly string[],
  references: string,
  given: string | null,
): Problem {
  const name = given ?? joinNames(table, ...columns, "fkey");
  return {
    message:
      `INSERTs, UPDATEs and DELETEs on ${table} and on ${references} wait until every row of ` +
      `${table} is looked at.`,
    rewrite:
      `1. ALTER TABLE ${table} ADD CONSTRAINT ${name} FOREIGN KEY (${columns.join(", ")}) ` +
      `REFERENCES ${references} NOT VALID;\n` +
      "2. In the migration after it, which looks at the rows beside the writers:\n" +
      `   ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`,
  };
}

function mysqlForeignKeyProblem(table: string, references: string, scene: Scene): Problem | null {
  if (scene.statement.online || scene.setting("foreign_key_checks") === "0") return null;
  return {
    message:
      `With foreign_key_checks on, the server copies ${table} to check each row against ` +
      `${references}; its writers wait meanwhile.`,
    rewrite:
      "Look for orphans by a query first, then add it in place, without a copy:\n" +
      "   SET SESSION foreign_key_checks = 0;\n" +
      `   ALTER TABLE ${table} ADD CONSTRAINT … FOREIGN KEY …, ALGORITHM=INPLACE, LOCK=NONE;\n` +
      "   SET SESSION foreign_key_checks = 1;",
  };
}

const addCheck: Rule = {
  name: "add-check",
  summary: "Adds a CHECK and looks at every row while everybody else waits.",
  effect: "blocks",
  level: "error",
  dialects: ["postgres", "mysql"],
  checkAction: onAction(["addConstraint", "addColumn"], (action, scene): Problem | null => {
    const { table } = action;
    if (action.kind === "addColumn") {
      if (action.column.check === null || scene.statement.online) return null;
      return checkProblem(table, joinNames(table, action.column.name, "check"), scene);
    }
    const { kind, name, validated, enforced, check } = action.constraint;
    if (kind !== "check" || !validated || !enforced || scene.statement.online) return null;
    return checkProblem(table, name ?? joinNames(table, ...(check?.columns ?? []), "check"), scene);
  }),
};

function checkProblem(table: string, name: string, { dialect }: Scene): Problem {
  if (dialect === "mysql") {
    return {
      message: `The server copies ${table} to check each row; its writers wait meanwhile.`,
      rewrite:
        "Add it to a copy that is filled beside the table, as gh-ost and pt-online-schema-change " +
        `do, or only to new rows by triggers (or, not at all, as CHECK … NOT ENFORCED).`,
    };
  }
  return {
    message: `Readers and writers of ${table} wait until every row is looked at.`,
    rewrite:
      `1. ALTER TABLE ${table} ADD CONSTRAINT ${name} CHECK (…) NOT VALID;\n` +
      "2. In the migration after it, which looks at the rows beside readers and writers:\n" +
      `   ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`,
  };
}

const validateUnderLock: Rule = {
  name: "validate-under-lock",
  summary: "Looks at every row while the same transaction keeps everybody else from the table.",
  effect: "blocks",
  level: "error",
  dialects: ["postgres"],
  checkAction: onAction(["validateConstraint"], ({ table, constraint }, { lockedBy }) => {
    const lock = lockedBy(table);
    if (lock === null) return null;
    return {
      message:
        `VALIDATE itself lets readers and writers of ${table} work, but the lock that "${lock}" ` +
        "took is kept to the end of the transaction: they wait while it looks at every row.",
      rewrite:
        "Put it into a migration of its own, after that one:\n" +
        `   ALTER TABLE ${table} VALIDATE CONSTRAINT ${constraint};`,
    };
  }),
};

const scanNotNull: Rule = {
  name: "scan-not-null",
  summary: "Looks at every row for NULLs while everybody else waits.",
  effect: "blocks",
  level: "error",
  dialects: ["postgres"],
  checkAction: onAction(["setNotNull", "addConstraint"], (action, { known }): Problem | null => {
    const { table } = action;
    if (action.kind === "addConstraint") {
      const { kind, validated, columns } = action.constraint;
      if (kind !== "notNull" || !validated) return null;
      return scanProblem(table, columns[0] ?? "");
    }
    const { column } = action;
    const isNotNull = known.column(table, column)?.definition?.notNull === true;
    if (isNotNull || known.demandsValue(table, column, true)) return null;
    return scanProblem(table, column);
  }),
};

function scanProblem(table: string, column: string): Problem {
  const name = joinNames(table, column, "not_null");
  return {
    message: `Readers and writers of ${table} wait until every row is looked at for a NULL.`,
    rewrite:
      `1. ALTER TABLE ${table} ADD CONSTRAINT ${name} CHECK (${column} IS NOT NULL) NOT VALID;\n` +
      `2. In the next migration: ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};\n` +
      "3. In the one after it, without looking at the rows again:\n" +
      `   ALTER TABLE ${table} ALTER COLUMN ${column} SET NOT NULL;\n` +
      `   ALTER TABLE ${table} DROP CONSTRAINT ${name};`,
  };
}

export const validationRules: readonly Rule[] = [
  addForeignKey,
  addCheck,
  validateUnderLock,
  scanNotNull,
];
