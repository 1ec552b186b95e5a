import { existsSync } from "node:fs";
import { openSqliteFile } from "../sqlite/open.ts";

/**
 * How many incidents of an environment are open, by level; none where there is no ledger. It waits
 * for nobody, and leaves a ledger of another version as it is: a daemon asks.
 * @throws the error of SQLite
 */
export function countIncidents(file: string, environment: string): Record<string, number> {
  if (!existsSync(file)) return {};
  const ledger = openSqliteFile(file, { timeout: 0, readonly: true });
  try {
    const rows = ledger
      .prepare<[string], { level: string; count: number }>(
        "SELECT level, count(*) AS count FROM incidents WHERE environment = ? GROUP BY level",
      )
      .all(environment);
    return Object.fromEntries(rows.map(({ level, count }) => [level, count]));
  } finally {
    ledger.close();
  }
}
