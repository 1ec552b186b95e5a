import type { Knex } from "knex";
import type { DatabaseAddress } from "../database/address.ts";
import { openSession } from "../database/session.ts";
import { reachingDatabase } from "../database/session-failure.ts";
import { StudioError, exitCodes } from "../errors.ts";
import { type AppliedMigration, type Migrator, ensureJournal, readJournal } from "./journal.ts";
import type { LockConnection } from "./lock.ts";
import { sessionName } from "./session-name.ts";
import type { MigrationListing } from "./source.ts";
import { kindOfStatement } from "./statement-kind.ts";
import type { TransactionRetry } from "./transaction.ts";
import { underMigrationLock } from "./under-lock.ts";

export type MigrationEvent =
  | { type: "waiting"; holder: string | null }
  | { type: "migrating" | "reverting"; name: string; file: string }
  | { type: "migrated" | "reverted"; name: string; file: string; milliseconds: number }
  | ({ type: "retrying"; name: string } & TransactionRetry);

export interface MigrateInput {
  database: DatabaseAddress;
  /** As from `listMigrations`. */
  migrations: MigrationListing[];
  who: Migrator;
  /** Milliseconds a statement may wait for a lock on a table, e.g. 3000. */
  lockTimeout: number;
  /** Milliseconds to wait for another process that migrates; default 60,000. */
  lockWait?: number;
  /** Ends the run: the migration under way is rolled back, earlier ones stay. */
  signal?: AbortSignal;
  onEvent?: (event: MigrationEvent) => void;
  /** Told of each statement that is no query, a BEGIN or COMMIT among them. */
  onStatement?: (when: "begun" | "ended") => void;
  now?: () => Date;
}

/** A run that holds the lock. */
export interface MigrationRun {
  input: MigrateInput;
  session: Knex;
  lock: LockConnection;
  /** The journal as it is now. */
  applied: AppliedMigration[];
  /** Reads the journal anew, into `applied` too. */
  readAgain(): Promise<AppliedMigration[]>;
  /** The names this run has applied or reverted so far. */
  done: string[];
}

/** Takes the lock, opens a session, creates and reads the journal, and gives all that to `work`. */
export async function withMigrationRun<T>(
  input: MigrateInput,
  work: (run: MigrationRun) => Promise<T>,
): Promise<T> {
  return reachingDatabase(input.database, () =>
    underMigrationLock(input, (lock) => withSession(input, lock, work)),
  );
}

async function withSession<T>(
  input: MigrateInput,
  lock: LockConnection,
  work: (run: MigrationRun) => Promise<T>,
): Promise<T> {
  const session = await openSession(input.database, {
    busyTimeout: input.lockTimeout,
    applicationName: sessionName(input.who, "migrate"),
  });
  traceStatements(session, input.onStatement);
  try {
    // Only now: whoever held the lock before may have migrated meanwhile.
    await ensureJournal(session);
    const run: MigrationRun = {
      input,
      session,
      lock,
      applied: await readJournal(session),
      async readAgain() {
        run.applied = await readJournal(session);
        return run.applied;
      },
      done: [],
    };
    return await work(run);
  } finally {
    await session.destroy();
  }
}

function traceStatements(session: Knex, tell: MigrateInput["onStatement"]): void {
  if (tell === undefined) return;
  const changes = ({ sql }: { sql: string }) => kindOfStatement(sql) !== "read";
  session.on("query", (query) => changes(query) && tell("begun"));
  session.on("query-response", (_response, query) => changes(query) && tell("ended"));
}

/** Fails when the run was interrupted, or no longer holds the lock. */
export async function mayGoOn(run: MigrationRun): Promise<void> {
  run.input.signal?.throwIfAborted();
  if (await run.lock.isHeld()) return;
  throw new StudioError({
    code: "migration.lockLost",
    message:
      "The connection that held the migration lock was lost, so another process may be migrating " +
      `now. Stopped after ${run.done.length === 0 ? "nothing" : run.done.join(", ")}.`,
    hint: "See `studio migrate status`, then run the command again.",
    exitCode: exitCodes.unavailable,
    details: { done: run.done },
  });
}
