import { usageError } from "../../errors.ts";
import { reachingDatabase } from "../../database/session-failure.ts";
import type { RehearsalInput } from "./rehearsal-input.ts";
import type { RehearsalReport } from "./report.ts";

/**
 * Tries the pending migrations, so that what they would do in earnest is known: how long each
 * statement takes, which locks it takes, what it writes anew, and for how long others could not
 * read or write. Nothing of it is left.
 *
 * On PostgreSQL by default in one transaction of the live database, which is rolled back; on MySQL
 * and SQLite, and with `on: "clone"`, on a copy of the database.
 * Fails with `migration.problems` (exit 4), `migration.locked` (7), `database.unavailable` (8),
 * `usage` (2); a migration that fails is told in the report.
 */
export async function rehearse(input: RehearsalInput): Promise<RehearsalReport> {
  const { dialect } = input.database;
  const place = input.on ?? (dialect === "postgres" ? "transaction" : "clone");
  if (place === "transaction" && dialect !== "postgres") {
    throw usageError(
      dialect === "mysql"
        ? "MySQL commits each change of a definition by itself: it cannot be rolled back."
        : "A rehearsal in a transaction would keep all writers of the SQLite file waiting.",
      "Rehearse on a copy: --on clone.",
    );
  }
  return reachingDatabase(input.database, async () => {
    if (place === "transaction") {
      const { rehearseInTransaction } = await import("./postgres/in-transaction.ts");
      return rehearseInTransaction(input);
    }
    const { rehearseOnClone } = await import("./on-clone.ts");
    return rehearseOnClone(input);
  });
}
