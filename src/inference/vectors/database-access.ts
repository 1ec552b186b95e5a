import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import { reasonOf, systemCode } from "../../errors.ts";
import { VectorError } from "./vector-error.ts";

/** How long a write waits for another writer of the same SQLite file, in milliseconds. */
const patience = 10_000;

/**
 * Runs `work`, again while another process writes to the SQLite file. The waiting is done here
 * and not in SQLite, because SQLite would wait on the thread that also answers requests.
 * @throws VectorError `vector.tables.missing`, `vector.database`
 */
export async function accessDatabase<Result>(
  database: Knex,
  work: (database: Knex) => Promise<Result>,
): Promise<Result> {
  const deadline = performance.now() + patience;
  for (let wait = 5; ; wait = Math.min(wait * 2, 100)) {
    try {
      return await work(database);
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw explain(error);
    }
    await sleep(wait);
  }
}

function isBusy(error: unknown): boolean {
  return systemCode(error)?.startsWith("SQLITE_BUSY") === true;
}

function explain(error: unknown): unknown {
  if (error instanceof VectorError) return error;
  const missingTable =
    systemCode(error) === "42P01" || reasonOf(error).includes("no such table: studio_");
  if (missingTable) {
    return new VectorError(
      "vector.tables.missing",
      "The database has no tables for vectors yet.",
      "Run `studio migrate up`.",
    );
  }
  // The error itself is left behind: knex puts the whole statement with its values in the message.
  return new VectorError(
    "vector.database",
    `The database did not answer as it should (${systemCode(error) ?? "no code"}).`,
    "See GET /health for the state of the database.",
  );
}
