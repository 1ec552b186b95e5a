import { openReadOnlySession } from "../../database/session.ts";
import { type AppliedMigration, readJournal } from "../journal.ts";
import { type LockConnection, acquireMigrationLock } from "../lock.ts";
import { planUp } from "../plan.ts";
import type { MigrateInput } from "../run.ts";
import type { MigrationFile } from "../source.ts";
import type { RehearsedMigration } from "./report.ts";

/** What is to be tried, in the order in which it would be applied. */
export interface PlannedMigration {
  migration: MigrationFile;
  /** Its row in the journal, where an earlier run stopped half-way. */
  unfinished: AppliedMigration | null;
}

/** Holds the lock of the database while `work` runs, so that nobody migrates it meanwhile. */
export async function underMigrationLock<T>(
  input: MigrateInput,
  work: (lock: LockConnection) => Promise<T>,
): Promise<T> {
  const { database, who, signal } = input;
  signal?.throwIfAborted();
  const lock = await acquireMigrationLock({
    database,
    who,
    wait: input.lockWait ?? 60_000,
    signal,
    onWaiting: (holder) => input.onEvent?.({ type: "waiting", holder }),
  });
  try {
    return await work(lock);
  } finally {
    // A lock connection that was lost cannot be closed in good order; the lock is gone anyway.
    await lock.close().catch(() => {});
  }
}

/** The journal of the database; nothing is created where there is none. */
export async function currentJournal({ database, lockTimeout, who }: MigrateInput) {
  const session = await openReadOnlySession(database, {
    busyTimeout: lockTimeout,
    applicationName: applicationNameFor(who),
  });
  if (session === null) return [];
  try {
    return await readJournal(session);
  } finally {
    await session.destroy();
  }
}

/** What `migrate up` would apply. */
export async function planRehearsal(
  input: MigrateInput & { to?: string },
): Promise<PlannedMigration[]> {
  const applied = await currentJournal(input);
  return planUp(applied, input.migrations, input.to).flatMap((name) => {
    const migration = input.migrations.find((one) => one.name === name);
    const unfinished = applied.find((row) => row.name === name && row.progress !== null) ?? null;
    return migration === undefined ? [] : [{ migration, unfinished }];
  });
}

export function applicationNameFor({ user, host }: MigrateInput["who"]): string {
  return `studio rehearse ${user}@${host}`;
}

/** One that was not run. */
export function notRehearsed({ name, file }: MigrationFile, reason: string): RehearsedMigration {
  return {
    name,
    file,
    outcome: "notRehearsed",
    reason,
    failure: null,
    milliseconds: 0,
    statements: [],
    tables: [],
  };
}
