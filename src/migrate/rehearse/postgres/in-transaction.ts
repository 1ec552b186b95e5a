import type { Knex } from "knex";
import { openSession } from "../../../database/session.ts";
import type { LockConnection } from "../../lock.ts";
import { sessionName } from "../../session-name.ts";
import { untilAborted } from "../../transaction.ts";
import { underMigrationLock } from "../../under-lock.ts";
import type { MigrationTrace } from "../migration-trace.ts";
import { type PlannedMigration, notRehearsed, planRehearsal } from "../plan-rehearsal.ts";
import type { RehearsalInput } from "../rehearsal-input.ts";
import type { RehearsalReport, RehearsedMigration } from "../report.ts";
import { StatementMeter } from "../statement-meter.ts";
import { addSizes, concernedTables } from "../table-sizes.ts";
import { tryMigration } from "../try-migration.ts";
import { verdictOn } from "../verdict.ts";
import { checkDeferred } from "./deferred-constraints.ts";
import { notesOf } from "./notes.ts";
import { type Relations, displayName, readRelations } from "./relations.ts";
import { expectRolledBack } from "./rolled-back.ts";
import { readPostgresSizes } from "./sizes.ts";
import { PostgresWatch } from "./watch.ts";

const longest = 30_000;

/**
 * Runs the pending migrations on the live database, in one transaction that is rolled back. The
 * locks are real meanwhile, so `lockTimeout` limits the wait for each, and `maxMilliseconds` the
 * whole.
 */
export function rehearseInTransaction(input: RehearsalInput): Promise<RehearsalReport> {
  return underMigrationLock(input, async (lock) => {
    const planned = await planRehearsal(input);
    const observer = await openObserver(input);
    try {
      return await rehearse({ input, lock, planned, observer });
    } finally {
      await observer.destroy();
    }
  });
}

/** A connection that looks at what the other one does; it never waits for long. */
async function openObserver({ database, who }: RehearsalInput): Promise<Knex> {
  const observer = await openSession(database, { applicationName: sessionName(who, "rehearse") });
  await observer.raw("SET lock_timeout = '2s'");
  await observer.raw("SET statement_timeout = '10s'");
  return observer;
}

interface Rehearsal {
  input: RehearsalInput;
  lock: LockConnection;
  planned: PlannedMigration[];
  observer: Knex;
}

async function rehearse(rehearsal: Rehearsal): Promise<RehearsalReport> {
  const { input, observer } = rehearsal;
  let watch: PostgresWatch | null = null;
  const meter = new StatementMeter(() => {
    if (watch === null) throw new Error("a migration's statement came too early");
    return watch;
  });
  const session = await openSession(input.database, {
    applicationName: sessionName(input.who, "rehearse"),
    gate: meter.gate,
  });
  meter.attach(session);
  const started = performance.now();
  const { migrations, existing, sequences } = await rolledBack(rehearsal, session, async (own) => {
    const existing = await readRelations(own.transaction);
    watch = new PostgresWatch({ place: "transaction", observer, existing });
    const migrations = await tryAll({ ...rehearsal, ...own, meter, watch });
    return { migrations, existing, sequences: [...watch.usedSequences] };
  });
  const milliseconds = Math.round(performance.now() - started);
  await addTableSizes(observer, existing, migrations);
  const notes = notesOf(migrations, { milliseconds, sequences });
  return { on: "transaction", ...verdictOn(migrations), migrations, milliseconds, notes };
}

interface OwnTransaction {
  transaction: Knex.Transaction;
  /** The server's number of its process. */
  backend: number;
}

/** Gives `work` a transaction, and rolls it back and closes the session whatever happens. */
async function rolledBack<T>(
  { input, observer }: Rehearsal,
  session: Knex,
  work: (own: OwnTransaction) => Promise<T>,
): Promise<T> {
  let number: string | null = null;
  let transaction: Knex.Transaction | undefined;
  try {
    transaction = await session.transaction();
    const { rows } = await transaction.raw<{ rows: { backend: number; number: string }[] }>(
      "SELECT pg_catalog.pg_backend_pid() AS backend, pg_catalog.txid_current()::text AS number",
    );
    number = rows[0]?.number ?? null;
    // Should this process be stopped or lost, the server ends the transaction.
    await transaction.raw(
      "SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', ?, true)",
      [`${limitOf(input) + 5000}ms`],
    );
    return await work({ transaction, backend: rows[0]?.backend ?? 0 });
  } finally {
    // Where it fails, as after a refused commit(), the server rolls back when the connection ends.
    await transaction?.rollback().catch(() => {});
    await session.destroy();
    if (number !== null) await expectRolledBack(observer, number);
  }
}

async function limitWaits(transaction: Knex.Transaction, input: RehearsalInput): Promise<void> {
  await transaction.raw(
    `SELECT pg_catalog.set_config('lock_timeout', ?, true),
       pg_catalog.set_config('statement_timeout', ?, true)`,
    [`${Math.max(1, Math.round(input.lockTimeout))}ms`, `${limitOf(input)}ms`],
  );
}

function limitOf({ maxMilliseconds = longest }: RehearsalInput): number {
  return Math.max(1, Math.round(maxMilliseconds));
}

interface Scene extends Rehearsal, OwnTransaction {
  meter: StatementMeter;
  watch: PostgresWatch;
}

async function tryAll(scene: Scene): Promise<RehearsedMigration[]> {
  const { input, planned, watch } = scene;
  const limit = AbortSignal.timeout(limitOf(input));
  const migrations: RehearsedMigration[] = [];
  let ended: string | null = null;
  for (const { migration, unfinished } of planned) {
    if (ended !== null) {
      migrations.push(notRehearsed(migration, ended));
      continue;
    }
    if (unfinished !== null) {
      migrations.push(notRehearsed(migration, "it stopped half-way, and goes on from there"));
      continue;
    }
    watch.beginMigration(scene.backend);
    const tried = await tryOne(scene, migration, limit);
    migrations.push(tried);
    const isLeftOut = tried.outcome === "notRehearsed" && tried.statements.length === 0;
    if (tried.outcome !== "done" && !isLeftOut) ended = `${migration.name} did not come to its end`;
  }
  return migrations;
}

function tryOne(
  scene: Scene,
  migration: PlannedMigration["migration"],
  limit: AbortSignal,
): Promise<RehearsedMigration> {
  const { input, lock, transaction, backend, meter } = scene;
  const { signal } = input;
  return tryMigration({
    migration,
    input,
    meter,
    stopped: () => (limit.aborted ? tooLong(input) : null),
    async work(module, trace: MigrationTrace) {
      if (!module.transactional) {
        trace.refusal = "it cannot run in a transaction: needs a clone";
        return;
      }
      const both = AbortSignal.any([limit, ...(signal === undefined ? [] : [signal])]);
      const act = async (): Promise<void> => {
        await trace.clock.without(() => limitWaits(transaction, input));
        trace.isActing = true;
        await module.up(transaction);
        trace.isActing = false;
        await checkDeferred(transaction, trace.clock);
      };
      try {
        await untilAborted(act(), both, () => lock.cancel(backend));
      } finally {
        if (both.aborted) meter.close();
      }
    },
  });
}

function tooLong(input: RehearsalInput): string {
  return `the rehearsal was stopped after ${limitOf(input) / 1000} s: needs a clone, or a longer limit`;
}

async function addTableSizes(
  observer: Knex,
  existing: Relations,
  migrations: readonly RehearsedMigration[],
): Promise<void> {
  const concerned = concernedTables(migrations);
  const relations = [...existing.all()].filter((one) => concerned.has(displayName(one)));
  // Who holds a lock on a table now keeps its size to itself.
  const sizes = await readPostgresSizes(observer, relations).catch(() => new Map());
  addSizes(migrations, sizes);
}
