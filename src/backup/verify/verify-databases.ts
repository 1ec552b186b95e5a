import { basename, join } from "node:path";
import { inspectSqlite } from "../../database/dump-sqlite.ts";
import { StudioError } from "../../errors.ts";
import type { DatabaseFacts } from "../format/entry.ts";
import { lookAt } from "../restore/compare.ts";
import type { Verification } from "./verify.ts";

/** Lets SQLite check its copies, and compares the rows of each table with those at the backup. */
export async function verifyDatabases(
  { problems }: Verification,
  databases: readonly DatabaseFacts[],
  scratch: string,
  signal?: AbortSignal,
): Promise<void> {
  for (const facts of databases) {
    const file = join(scratch, basename(facts.path));
    // Only what was read as a whole was written here.
    if (facts.dialect !== "sqlite" || lookAt(file) === null) continue;
    try {
      const contents = await inspectSqlite(file, signal);
      for (const problem of contents.problems) {
        problems.push(`Database ${facts.label}: ${problem}.`);
      }
      for (const [table, rows] of Object.entries(facts.tables)) {
        const found = contents.tables[table];
        if (contents.problems.length > 0 || found === rows) continue;
        problems.push(`Database ${facts.label}: table ${table} has ${found} rows, not ${rows}.`);
      }
    } catch (error) {
      if (!(error instanceof StudioError) || error.code === "database.noRoom") throw error;
      problems.push(`Database ${facts.label}: ${error.message}`);
    }
  }
}
