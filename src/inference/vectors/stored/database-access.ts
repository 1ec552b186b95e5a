import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import { reasonOf, systemCode } from "../../../errors.ts";
import { VectorError } from "../vector-error.ts";

/** How long a call waits for other writers, in milliseconds. */
const patience = 10_000;

/** How long a database may take to answer, in milliseconds: less than a request may take. */
const answerWithin = 20_000;

/**
 * Runs `work`, again while other writers are in its way. With SQLite the waiting is done here and
 * not in SQLite, because SQLite would wait on the thread that also answers requests.
 * @throws VectorError `vector.tables.missing`, `vector.database`
 */
export async function accessDatabase<Result>(
  database: Knex,
  work: (database: Knex) => Promise<Result>,
): Promise<Result> {
  const deadline = performance.now() + patience;
  for (let wait = 5; ; wait = Math.min(wait * 2, 100)) {
    try {
      return await withinTime(work(database));
    } catch (error) {
      if (!isInTheWay(error) || performance.now() > deadline) throw explain(error);
    }
    await sleep(wait);
  }
}

async function withinTime<Result>(work: Promise<Result>): Promise<Result> {
  const timer = new AbortController();
  const tooLong = sleep(answerWithin, null, { signal: timer.signal, ref: false }).then(
    () => Promise.reject(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })),
    // The work ended first.
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    timer.abort();
  }
}

/** Another writer holds the lock, or was preferred in a deadlock: nothing was changed. */
function isInTheWay(error: unknown): boolean {
  const code = systemCode(error) ?? "";
  return code.startsWith("SQLITE_BUSY") || conflicts.has(code);
}

/** Of PostgreSQL (deadlock, serialization failure), then of MySQL and MariaDB. */
const conflicts = new Set(["40P01", "40001", "ER_LOCK_DEADLOCK", "ER_CHECKREAD"]);

/** A table or a column does not exist. */
const unknownNames = new Set(["42P01", "42703", "ER_NO_SUCH_TABLE", "ER_BAD_FIELD_ERROR"]);

/** No room is left: of SQLite, PostgreSQL (disk_full), then of MySQL and MariaDB. */
const noRoom = new Set([
  "SQLITE_FULL",
  "SQLITE_IOERR_WRITE",
  "SQLITE_IOERR_SHMSIZE",
  "53100",
  "ER_DISK_FULL",
  "ER_RECORD_FILE_FULL",
]);

function explain(error: unknown): unknown {
  if (error instanceof VectorError) return error;
  const code = systemCode(error) ?? "";
  const reason = reasonOf(error);
  const isUnknownName =
    unknownNames.has(code) ||
    reason.includes("no such table: studio_") ||
    /no such column/.test(reason);
  if (isUnknownName) {
    return new VectorError(
      "vector.tables.missing",
      "The database has no tables for vectors yet, or older ones.",
      "Run `studio migrate up`.",
    );
  }
  if (noRoom.has(code)) {
    return new VectorError(
      "vector.storage",
      "The disk of the database has no room left; nothing was changed.",
      "Free some room, then send the request again.",
    );
  }
  // The error itself is left behind: knex puts the whole statement with its values in the message.
  return new VectorError(
    "vector.database",
    `The database did not answer as it should (${code === "" ? "no code" : code}).`,
    "See GET /health for the state of the database.",
  );
}
