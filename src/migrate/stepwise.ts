import type { Knex } from "knex";
import { openSession } from "../database/session.ts";
import type { StatementGate } from "../database/statement-gate.ts";
import { StudioError } from "../errors.ts";
import type { MigrationDirection } from "./failure.ts";
import { type AppliedMigration, journalTable } from "./journal.ts";
import { type MigrationRun, mayGoOn } from "./run.ts";
import { sessionName } from "./session-name.ts";
import { kindOfStatement } from "./statement-kind.ts";
import { noStatements, stepwiseGate } from "./stepwise-gate.ts";
import { type TransactionRetry, giveWay, untilAborted } from "./transaction.ts";

export interface StepwiseWork {
  run: MigrationRun;
  name: string;
  direction: MigrationDirection;
  /** The journal's row, where an earlier run stopped half-way. */
  unfinished: AppliedMigration | null;
  onRetry: (retry: TransactionRetry) => void;
}

/**
 * Runs a migration whose statements are committed one by one, because the server commits them by
 * itself (MySQL) or refuses them in a transaction. The row of the migration is there before.
 */
export async function runStepwise(
  { run, name, unfinished, onRetry }: StepwiseWork,
  work: (session: Knex) => unknown,
): Promise<void> {
  const { database, lockTimeout, signal, who } = run.input;
  const { dialect } = database;
  const retrying = { lockTimeout, signal, onRetry };
  const cleanUp = async (sql: string): Promise<void> => {
    if (dialect !== "postgres") return;
    const { dropInvalidIndexes } = await import("./invalid-indexes.ts");
    await dropInvalidIndexes(run.session, sql);
  };
  let refusal: StudioError | null = null;
  const journaling = stepwiseGate({
    dialect,
    name,
    progress: unfinished?.progress ?? noStatements,
    cleanUp,
    async fingerprint() {
      const { schemaFingerprint } = await import("./fingerprint.ts");
      return schemaFingerprint(run.session, dialect);
    },
    patiently: (sql, send) => giveWay(retrying, () => cleaningUp(sql, send, cleanUp)),
    mayGoOn: () => mayGoOn(run),
  });
  const gate: StatementGate = async (statement, passage) => {
    const isChange = kindOfStatement(statement.sql) !== "read";
    try {
      if (isChange) run.input.onStatement?.("begun");
      await journaling(statement, passage);
      if (isChange) run.input.onStatement?.("ended");
    } catch (error) {
      // The query builder writes the statement into whatever comes through it, and a program may
      // catch it.
      if (error instanceof StudioError) refusal = error;
      throw error instanceof StudioError ? new Error(error.code) : error;
    }
  };
  const session = await openSession(database, {
    busyTimeout: lockTimeout,
    applicationName: sessionName(who, "migrate"),
    gate,
  });
  try {
    const connection = await prepare(session, run);
    await untilAborted(Promise.resolve(work(session)), signal, () => run.lock.cancel(connection));
  } catch (error) {
    throw refusal ?? error;
  } finally {
    await session.destroy();
  }
  if (refusal !== null) throw refusal as StudioError;
}

/** Limits how long statements wait for locks, and tells the server's number of the connection. */
async function prepare(session: Knex, run: MigrationRun): Promise<number> {
  const { database, lockTimeout } = run.input;
  if (database.dialect === "postgres") {
    await session.raw(`SET lock_timeout = ${Math.max(1, Math.round(lockTimeout))}`);
    const result = await session.raw<{ rows: { id: number }[] }>("SELECT pg_backend_pid() AS id");
    return result.rows[0]?.id ?? 0;
  }
  if (database.dialect !== "mysql") return 0;
  // Whole seconds are the finest that MySQL knows.
  const seconds = Math.max(1, Math.ceil(lockTimeout / 1000));
  await session.raw(
    `SET SESSION lock_wait_timeout = ${seconds}, innodb_lock_wait_timeout = ${seconds}`,
  );
  const [rows] = await session.raw<[{ id: number }[]]>("SELECT CONNECTION_ID() AS id");
  return rows?.[0]?.id ?? 0;
}

async function cleaningUp(
  sql: string,
  send: () => Promise<void>,
  cleanUp: (sql: string) => Promise<void>,
): Promise<void> {
  try {
    await send();
  } catch (error) {
    // What is wrong is the statement's failure, whatever becomes of its remains.
    await cleanUp(sql).catch(() => {});
    throw error;
  }
}

/** Whether nothing of a migration that failed took effect; its row is removed then. */
export async function forgetIfNothingDone(run: MigrationRun, name: string): Promise<boolean> {
  const removed = await run
    .session(journalTable)
    .where({ name, status: "running" })
    .andWhere((row) => void row.whereNull("statement_index").orWhere({ statement_index: 0 }))
    .delete();
  return removed === 1;
}
