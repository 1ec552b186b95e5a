import type { Knex } from "knex";
import type { MigrationFile, MigrationOrigin } from "./source.ts";

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
  /** `applied`; another one only where a migration committed by itself and then failed. */
  status: string;
  toolVersion: string;
  user: string;
  host: string;
}

export const journalTable = "studio_migrations";

/**
 * Creates the journal where there is none, whole or not at all: its unique indexes are statements
 * of their own. Call it with the migration lock held.
 */
export async function ensureJournal(session: Knex): Promise<void> {
  if (await session.schema.hasTable(journalTable)) return;
  await session.transaction((transaction) =>
    transaction.schema.createTable(journalTable, (table) => {
      table.integer("sequence").primary();
      table.text("name").notNullable().unique();
      table.text("checksum").notNullable();
      // Unique: two migrations cannot both follow the same one, whatever happens to the lock.
      table.text("parent").unique();
      table.text("origin").notNullable();
      table.boolean("compatible").notNullable();
      table.boolean("reversible").notNullable();
      table.text("started_at").notNullable();
      table.text("finished_at");
      table.text("status").notNullable();
      table.text("tool_version").notNullable();
      table.text("user").notNullable();
      table.text("host").notNullable();
    }),
  );
}

/** The journal in the order of application; empty where there is no journal yet. */
export async function readJournal(session: Knex): Promise<AppliedMigration[]> {
  if (!(await session.schema.hasTable(journalTable))) return [];
  const rows = (await session(journalTable).orderBy("sequence")) as Record<string, unknown>[];
  return rows.map(appliedMigration);
}

/** A row of the journal as the database gives it. */
export function appliedMigration(row: Record<string, unknown>): AppliedMigration {
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
    toolVersion: row["tool_version"],
    user: row["user"],
    host: row["host"],
  } as AppliedMigration;
}

/**
 * Writes the row of a migration that is about to run, as the first statement of its transaction:
 * SQLite then takes its write lock at once instead of failing in the middle, and a second
 * PostgreSQL session that wrongly runs at the same time is stopped by the unique indexes.
 */
export async function journalStarted(
  transaction: Knex.Transaction,
  migration: MigrationFile,
  row: { parent: AppliedMigration | undefined; startedAt: Date; who: Migrator },
): Promise<void> {
  await transaction(journalTable).insert({
    sequence: (row.parent?.sequence ?? 0) + 1,
    name: migration.name,
    checksum: migration.checksum,
    parent: row.parent?.name ?? null,
    origin: migration.origin,
    compatible: migration.compatible === true,
    reversible: migration.reversible,
    started_at: row.startedAt.toISOString(),
    finished_at: null,
    status: "running",
    tool_version: row.who.version,
    user: row.who.user,
    host: row.who.host,
  });
}

export async function journalFinished(
  transaction: Knex.Transaction,
  name: string,
  finishedAt: Date,
): Promise<void> {
  await transaction(journalTable)
    .where({ name })
    .update({ status: "applied", finished_at: finishedAt.toISOString() });
}

/** Marks a migration that is about to be reverted: the first statement of its transaction. */
export async function journalReverting(transaction: Knex.Transaction, name: string): Promise<void> {
  await transaction(journalTable).where({ name }).update({ status: "reverting" });
}

export async function journalReverted(transaction: Knex.Transaction, name: string): Promise<void> {
  await transaction(journalTable).where({ name }).delete();
}
