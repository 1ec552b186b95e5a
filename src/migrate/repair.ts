import type { Knex } from "knex";
import { usageError } from "../errors.ts";
import {
  type AppliedMigration,
  type Migrator,
  journalFinished,
  journalReverted,
  journalStarted,
  journalTable,
  replaceJournal,
} from "./journal.ts";
import { type LoggedAction, logAction } from "./log.ts";
import { type MigrateInput, type MigrationRun, withMigrationRun } from "./run.ts";
import { loadMigration } from "./module.ts";
import type { MigrationListing } from "./source.ts";

/** A change of the journal alone; the schema stays as it is. */
export type Repair =
  /** Takes the file as it is now for what was applied. */
  | { kind: "accept"; name: string }
  /** Removes the row of a migration whose file is gone. */
  | { kind: "forget"; name: string }
  /** Says what somebody did by hand about a migration that stopped half-way. */
  | { kind: "applied" | "reverted"; name: string }
  /** Numbers the rows anew, each after the one before. */
  | { kind: "relink" }
  /** Says that all pending migrations of the project up to this one are in the schema already. */
  | { kind: "baseline"; name: string };

/** The journal after a change of it. */
export interface RepairReport {
  /** The migrations whose rows were changed, added or removed. */
  changed: string[];
  head: string | null;
}

/**
 * Changes the journal as was asked, in one transaction, under the migration lock.
 * Fails with `usage` (exit 2) where the repair does not fit what is there, `migration.locked` (7),
 * `database.unavailable` (8).
 */
export async function repairJournal(input: MigrateInput, repair: Repair): Promise<RepairReport> {
  return withMigrationRun(input, async (run) => {
    const changed = await run.session.transaction((knex) => carryOut(run, knex, repair));
    const applied = await run.readAgain();
    return { changed, head: applied.at(-1)?.name ?? null };
  });
}

/** Puts rows of the journal back as they were before a repair. */
export async function restoreJournal(input: MigrateInput, rows: AppliedMigration[]): Promise<void> {
  await withMigrationRun(input, (run) =>
    run.session.transaction((knex) => replaceJournal(knex, rows)),
  );
}

/**
 * Fails with `usage` (exit 2) where a repair does not fit what is there.
 * @param applied the journal, in the order of application
 */
export function requireFitting(
  repair: Repair,
  applied: AppliedMigration[],
  migrations: MigrationListing[],
): void {
  if (repair.kind === "relink") return;
  const { kind, name } = repair;
  const file = migrations.find((migration) => migration.name === name);
  if (kind === "baseline") {
    if (file?.origin === "project") return;
    const own = migrations.flatMap((one) => (one.origin === "project" ? [one.name] : []));
    throw usageError(
      `No migration of the project is called ${name}.`,
      own.length === 0 ? "It has none yet." : `These are there: ${own.join(", ")}.`,
    );
  }
  const row = applied.find((one) => one.name === name);
  if (row === undefined) {
    throw usageError(
      `The journal has no migration called ${name}.`,
      "`studio migrate history` shows what it has had.",
    );
  }
  if (kind === "accept" && file === undefined) {
    throw usageError(
      `There is no file of ${name} to accept.`,
      `Restore it, or \`studio migrate repair --forget ${name}\`.`,
    );
  }
  if (kind === "forget" && file !== undefined) {
    throw usageError(`${file.file} is there: nothing is to be forgotten.`);
  }
  if ((kind === "applied" || kind === "reverted") && row.status === "applied") {
    throw usageError(`${name} did not stop half-way: it is applied.`);
  }
}

async function carryOut(run: MigrationRun, knex: Knex, repair: Repair): Promise<string[]> {
  requireFitting(repair, run.applied, run.input.migrations);
  if (repair.kind === "relink") return relink(run, knex);
  if (repair.kind === "baseline") return baseline(run, knex, repair.name);
  const row = run.applied.find(({ name }) => name === repair.name) as AppliedMigration;
  const file = run.input.migrations.find(({ name }) => name === repair.name);
  await change(run, knex, repair.kind, row);
  await log(run, knex, logged[repair.kind], { ...row, checksum: file?.checksum ?? row.checksum });
  return [row.name];
}

const logged: Record<"accept" | "forget" | "applied" | "reverted", LoggedAction> = {
  accept: "accepted",
  forget: "forgotten",
  applied: "marked",
  reverted: "marked",
};

async function change(
  { input }: MigrationRun,
  knex: Knex,
  kind: keyof typeof logged,
  row: AppliedMigration,
): Promise<void> {
  const { name } = row;
  const file = input.migrations.find((one) => one.name === name);
  const checksum = file?.checksum ?? row.checksum;
  if (kind === "accept") {
    await knex(journalTable).where({ name }).update({ checksum });
    return;
  }
  if (kind !== "applied") return removeRow(knex, row);
  // What it sent was not seen: it counts as declared.
  const compatible =
    file !== undefined && (await loadMigration(file, input.database.dialect)).compatible === true;
  await journalFinished(knex, { name, checksum, compatible }, new Date());
}

/** The row after it now follows the one before it. */
async function removeRow(knex: Knex, { name, parent, sequence }: AppliedMigration): Promise<void> {
  await journalReverted(knex, name);
  await knex(journalTable).where({ parent: name }).update({ parent });
  const later = await knex(journalTable).where("sequence", ">", sequence).orderBy("sequence");
  for (const row of later as { name: string; sequence: number }[]) {
    await knex(journalTable)
      .where({ name: row.name })
      .update({ sequence: row.sequence - 1 });
  }
}

async function relink({ applied }: MigrationRun, knex: Knex): Promise<string[]> {
  const rows = applied.map((row, index) => ({
    ...row,
    sequence: index + 1,
    parent: applied[index - 1]?.name ?? null,
  }));
  await replaceJournal(knex, rows);
  return rows
    .filter((row, index) => {
      const before = applied[index];
      return row.sequence !== before?.sequence || row.parent !== before.parent;
    })
    .map(({ name }) => name);
}

async function baseline(run: MigrationRun, knex: Knex, name: string): Promise<string[]> {
  const own = run.input.migrations.filter(({ origin }) => origin === "project");
  const known = new Set(run.applied.map((row) => row.name));
  const added = own.filter((one) => one.name <= name && !known.has(one.name));
  const { who, now = () => new Date() } = run.input;
  let parent = run.applied.at(-1);
  for (const migration of added) {
    const at = now();
    const module = await loadMigration(migration, run.input.database.dialect);
    const compatible = module.compatible === true;
    const row = { ...migration, compatible, reversible: module.down !== undefined };
    await journalStarted(knex, row, { parent, startedAt: at, who, stepwise: false });
    await journalFinished(knex, row, at);
    await log(run, knex, "baselined", migration);
    const sequence = (parent?.sequence ?? 0) + 1;
    parent = { ...row, sequence } as unknown as AppliedMigration;
  }
  return added.map((migration) => migration.name);
}

async function log(
  { input }: MigrationRun,
  knex: Knex,
  action: LoggedAction,
  { name, checksum }: { name: string; checksum: string },
): Promise<void> {
  const who: Migrator = input.who;
  const at = (input.now ?? (() => new Date()))();
  await logAction(knex, who, { action, name, checksum, milliseconds: null, at });
}
