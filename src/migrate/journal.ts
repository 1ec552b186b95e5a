import type { Knex } from "knex";
import { createLog, logTable } from "./log.ts";
import type { MigrationOrigin } from "./source.ts";

/** What the journal needs to know of a migration. */
export interface JournaledMigration {
  name: string;
  checksum: string;
  origin: MigrationOrigin;
  reversible: boolean;
}

/** Who migrates, for the journal and for those who wait. */
export interface Migrator {
  user: string;
  host: string;
  /** studio's own version. */
  version: string;
}

/** One row of the journal: a migration that the schema holds. */
export interface AppliedMigration {
  /** 1 for the first migration applied to this database, and so on without gaps. */
  sequence: number;
  name: string;
  checksum: string;
  /** The name of the migration applied just before; null for the first. */
  parent: string | null;
  origin: MigrationOrigin;
  compatible: boolean;
  reversible: boolean;
  /** ISO 8601, UTC. */
  startedAt: string;
  finishedAt: string | null;
  /**
   * `applied`; `running` and `reverting` are seen only of a migration that runs statement by
   * statement, each committed by itself, and was interrupted or failed.
   */
  status: string;
  /** Of such a migration: where it is. */
  progress: JournaledProgress | null;
  toolVersion: string;
  user: string;
  host: string;
}

/** How far a migration is whose statements are committed one by one. */
export interface JournaledProgress {
  /** Statements that are done. */
  done: number;
  /** SHA-256 over them, so that a replay can be told from another migration. */
  trail: string;
  /** The statement after them was sent: what the schema was before it, see `schemaFingerprint`. */
  before: string | null;
}

export const journalTable = "studio_migrations";

/**
 * Creates the journal where there is none, whole or not at all. Call it with the migration lock
 * held.
 */
export async function ensureJournal(session: Knex): Promise<void> {
  if (!(await session.schema.hasTable(journalTable))) await createJournal(session);
  if (!(await session.schema.hasTable(logTable))) await createLog(session);
}

async function createJournal(session: Knex): Promise<void> {
  await session.transaction((transaction) =>
    transaction.schema.createTable(journalTable, (table) => {
      table.integer("sequence").primary();
      table.string("name", nameLength).notNullable().unique();
      table.text("checksum").notNullable();
      // Unique: two migrations cannot both follow the same one, whatever happens to the lock.
      table.string("parent", nameLength).unique();
      table.text("origin").notNullable();
      table.boolean("compatible").notNullable();
      table.boolean("reversible").notNullable();
      table.string("started_at", timeLength).notNullable();
      table.string("finished_at", timeLength);
      table.text("status").notNullable();
      table.integer("statement_index");
      table.text("statement_trail");
      table.text("schema_before");
      table.text("tool_version").notNullable();
      table.text("user").notNullable();
      table.text("host").notNullable();
    }),
  );
}

/** MySQL's unique keys need a length. */
const nameLength = 255;
/** `2026-11-20T21:05:00.000Z` */
const timeLength = 24;

/** The journal in the order of application; empty where there is no journal yet. */
export async function readJournal(session: Knex): Promise<AppliedMigration[]> {
  if (!(await session.schema.hasTable(journalTable))) return [];
  const rows = (await session(journalTable).orderBy("sequence")) as Record<string, unknown>[];
  return rows.map(appliedMigration);
}

/** A row of the journal as the database gives it. */
export function appliedMigration(row: Record<string, unknown>): AppliedMigration {
  const done = row["statement_index"];
  return {
    sequence: row["sequence"],
    name: row["name"],
    checksum: row["checksum"],
    parent: row["parent"],
    origin: row["origin"],
    compatible: Boolean(row["compatible"]),
    reversible: Boolean(row["reversible"]),
    startedAt: row["started_at"],
    finishedAt: row["finished_at"],
    status: row["status"],
    progress:
      typeof done === "number"
        ? { done, trail: row["statement_trail"], before: row["schema_before"] }
        : null,
    toolVersion: row["tool_version"],
    user: row["user"],
    host: row["host"],
  } as AppliedMigration;
}

/** Writes the whole journal anew. */
export async function replaceJournal(transaction: Knex, rows: AppliedMigration[]): Promise<void> {
  await transaction(journalTable).delete();
  for (const { progress, ...row } of rows) {
    await transaction(journalTable).insert({
      sequence: row.sequence,
      name: row.name,
      checksum: row.checksum,
      parent: row.parent,
      origin: row.origin,
      compatible: row.compatible,
      reversible: row.reversible,
      started_at: row.startedAt,
      finished_at: row.finishedAt,
      status: row.status,
      statement_index: progress?.done ?? null,
      statement_trail: progress?.trail ?? null,
      schema_before: progress?.before ?? null,
      tool_version: row.toolVersion,
      user: row.user,
      host: row.host,
    });
  }
}

/**
 * Writes the row of a migration that is about to run, as the first statement of its transaction:
 * SQLite then takes its write lock at once instead of failing in the middle, and a second
 * PostgreSQL session that wrongly runs at the same time is stopped by the unique indexes.
 */
export async function journalStarted(
  transaction: Knex,
  migration: JournaledMigration,
  row: {
    parent: AppliedMigration | undefined;
    startedAt: Date;
    who: Migrator;
    /** Its statements will be committed one by one. */
    stepwise: boolean;
  },
): Promise<void> {
  await transaction(journalTable).insert({
    sequence: (row.parent?.sequence ?? 0) + 1,
    name: migration.name,
    checksum: migration.checksum,
    parent: row.parent?.name ?? null,
    origin: migration.origin,
    // Found out while it runs.
    compatible: false,
    reversible: migration.reversible,
    started_at: row.startedAt.toISOString(),
    finished_at: null,
    status: "running",
    ...(row.stepwise ? firstStep : noProgress),
    tool_version: row.who.version,
    user: row.who.user,
    host: row.who.host,
  });
}

export async function journalFinished(
  transaction: Knex,
  { name, checksum, compatible }: { name: string; checksum: string; compatible: boolean },
  finishedAt: Date,
): Promise<void> {
  await transaction(journalTable)
    .where({ name })
    .update({
      status: "applied",
      // A migration that stopped half-way may have been corrected from there on.
      checksum,
      compatible,
      finished_at: finishedAt.toISOString(),
      ...noProgress,
    });
}

/** Marks a migration that is about to be reverted: the first statement of its transaction. */
export async function journalReverting(
  transaction: Knex,
  name: string,
  stepwise: boolean,
): Promise<void> {
  await transaction(journalTable)
    .where({ name })
    .update({ status: "reverting", ...(stepwise ? firstStep : noProgress) });
}

export async function journalReverted(transaction: Knex, name: string): Promise<void> {
  await transaction(journalTable).where({ name }).delete();
}

const firstStep = { statement_index: 0, statement_trail: "", schema_before: null };
const noProgress = { statement_index: null, statement_trail: null, schema_before: null };
