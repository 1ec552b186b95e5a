import type { Knex } from "knex";
import { openSession } from "../../database/session.ts";
import type { MigrationModule } from "../module.ts";
import { runInTransaction, untilAborted } from "../transaction.ts";
import type { Clone } from "./clone.ts";
import type { MigrationTrace } from "./migration-trace.ts";
import { sessionName } from "../session-name.ts";
import type { RehearsalInput } from "./rehearsal-input.ts";
import { StatementMeter, type StatementWatch } from "./statement-meter.ts";
import type { TableSize } from "./table-sizes.ts";

/** What a kind of database brings along to look at a copy of it. */
export interface CloneObserver {
  watch: StatementWatch;
  /** Called before each migration, with the session that it will run in. */
  begin(session: Knex): Promise<void>;
  /** Ends the statement that the session runs. */
  cancel(): Promise<void>;
  /** Of the original's tables, by the names that reports use. */
  sizes(tables: ReadonlySet<string>): Promise<Map<string, TableSize>>;
  /** What to know of what was seen, in sentences. */
  notes(): string[];
  close(): Promise<void>;
}

/** A copy with a session whose statements are watched. */
export interface CloneScene {
  session: Knex;
  meter: StatementMeter;
  observer: CloneObserver;
  close(): Promise<void>;
}

export async function openScene(input: RehearsalInput, clone: Clone): Promise<CloneScene> {
  const observer = await observe(input, clone);
  const meter = new StatementMeter(() => observer.watch);
  const session = await openSession(clone.address, {
    busyTimeout: input.lockTimeout,
    applicationName: sessionName(input.who, "rehearse"),
    gate: meter.gate,
  });
  meter.attach(session);
  return {
    session,
    meter,
    observer,
    async close() {
      await session.destroy();
      await observer.close();
    },
  };
}

async function observe(input: RehearsalInput, clone: Clone): Promise<CloneObserver> {
  if (input.database.dialect === "postgres") {
    const { observePostgres } = await import("./postgres/observe-clone.ts");
    return observePostgres(input, clone);
  }
  if (input.database.dialect === "mysql") {
    const { observeMysql } = await import("./mysql/observe-clone.ts");
    return observeMysql(input, clone);
  }
  const { observeSqlite } = await import("./sqlite/observe-clone.ts");
  return observeSqlite(input);
}

/** Runs a migration as in earnest, in a transaction of its own where it can be in one. */
export async function runOnClone(
  input: RehearsalInput,
  { session, observer }: CloneScene,
  module: MigrationModule,
  trace: MigrationTrace,
  direction: "up" | "down",
): Promise<void> {
  const { lockTimeout, signal, database } = input;
  const { dialect } = database;
  const act = async (knex: Knex): Promise<void> => {
    trace.isActing = true;
    await (direction === "up" ? module.up(knex) : module.down?.(knex));
    trace.isActing = false;
  };
  const cancel = () => observer.cancel();
  if (dialect === "mysql" || !module.transactional) {
    return untilAborted(act(session), signal, cancel);
  }
  await runInTransaction({ session, dialect, lockTimeout, signal, cancel }, act);
}
