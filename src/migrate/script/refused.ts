import type { Dialect } from "../../database/address.ts";

/** The words that begin a statement which begins or ends a transaction, or a part of one. */
const transactionStatements: Record<Dialect, RegExp> = {
  postgres:
    /^(BEGIN|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|START TRANSACTION|PREPARE TRANSACTION)\b/,
  sqlite: /^(BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b/,
  mysql:
    /^(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|START TRANSACTION|XA (START|BEGIN|END|PREPARE|COMMIT|ROLLBACK))\b/,
};

/**
 * Why a statement of a migration is not run; null where it is.
 * @param words its first words, in capitals
 */
export function refusedWords(dialect: Dialect, words: readonly string[]): string | null {
  const start = words.join(" ");
  const [found] = transactionStatements[dialect].exec(start) ?? [];
  // MariaDB's blocks outside of procedures.
  if (found === undefined || start.startsWith("BEGIN NOT ATOMIC")) return null;
  return (
    `${found} is a statement about transactions, and those are studio's: it runs a migration ` +
    "in one already"
  );
}
