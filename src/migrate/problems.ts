import { StudioError, exitCodes } from "../errors.ts";
import { type AppliedMigration, journalTable } from "./journal.ts";
import type { MigrationListing } from "./source.ts";

/**
 * Why nothing may be migrated:
 * - `edited`: the file is not the one that was applied;
 * - `missing`: it was applied, and no file has its name;
 * - `outOfOrder`: it is pending, and a later one of the same origin was applied;
 * - `failed`: it committed by itself and then failed, so that only part of it was done;
 * - `unknown`: the journal gives it a status that this version of studio does not know.
 */
export type SchemaProblemKind = "edited" | "missing" | "outOfOrder" | "failed" | "unknown";

export interface SchemaProblem {
  kind: SchemaProblemKind;
  name: string;
  /** What is wrong, as one sentence. */
  message: string;
  /** The way out, as one sentence. */
  hint: string;
}

/** Finds all problems: those of applied migrations in their order, then those of pending ones. */
export function findProblems(
  applied: AppliedMigration[],
  migrations: MigrationListing[],
): SchemaProblem[] {
  const files = new Map(migrations.map((migration) => [migration.name, migration]));
  const names = new Set(applied.map((row) => row.name));
  const pending = migrations.filter((migration) => !names.has(migration.name));
  return [
    ...applied.flatMap((row) => appliedProblems(row, files.get(row.name))),
    ...pending.flatMap((migration) => orderProblems(migration, applied)),
  ];
}

function appliedProblems(
  row: AppliedMigration,
  file: MigrationListing | undefined,
): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  if (row.status === "running" || row.status === "reverting") problems.push(failed(row));
  else if (row.status !== "applied") problems.push(unknown(row));
  if (file === undefined) problems.push(missing(row));
  else if (file.checksum !== row.checksum) problems.push(edited(row, file));
  return problems;
}

function orderProblems(migration: MigrationListing, applied: AppliedMigration[]): SchemaProblem[] {
  // Each origin has its own order: a new version of studio brings migrations that are older
  // than the project's latest.
  const later = applied.find((row) => row.origin === migration.origin && row.name > migration.name);
  return later === undefined ? [] : [outOfOrder(migration, later)];
}

function edited(row: AppliedMigration, file: MigrationListing): SchemaProblem {
  return {
    kind: "edited",
    name: row.name,
    message: `${file.file} was edited after it was applied on ${row.startedAt}.`,
    hint:
      `Restore the file as it was applied (SHA-256 ${row.checksum}) and put the change into a new ` +
      `migration; or restore it, ${revertTo(row.parent)}, edit it and run \`studio migrate up\`.`,
  };
}

function missing(row: AppliedMigration): SchemaProblem {
  return {
    kind: "missing",
    name: row.name,
    message: `The migration ${row.name} was applied on ${row.startedAt}, and its file is gone.`,
    hint:
      `Restore the file (SHA-256 ${row.checksum}), for instance from version control; with it ` +
      `back, ${revertTo(row.parent)} reverts it and all that came after it.`,
  };
}

function outOfOrder(migration: MigrationListing, later: AppliedMigration): SchemaProblem {
  return {
    kind: "outOfOrder",
    name: migration.name,
    message: `The migration ${migration.name} is pending, but the later ${later.name} was applied.`,
    hint: `Rename ${migration.file} to the present time, or ${revertTo(later.parent)} first.`,
  };
}

function failed(row: AppliedMigration): SchemaProblem {
  return {
    kind: "failed",
    name: row.name,
    message:
      `The migration ${row.name} stopped half-way on ${row.startedAt}, after it had committed ` +
      "part of its work by itself.",
    hint:
      "Undo that part by hand, or restore the database from a backup; then remove the row: " +
      `DELETE FROM ${journalTable} WHERE name = '${row.name}'.`,
  };
}

function unknown(row: AppliedMigration): SchemaProblem {
  return {
    kind: "unknown",
    name: row.name,
    message:
      `The migration ${row.name} has the status "${row.status}", which studio ${row.toolVersion} ` +
      "wrote and this version does not know.",
    hint: `Use studio ${row.toolVersion} or a later version.`,
  };
}

function revertTo(name: string | null): string {
  return name === null
    ? "`studio migrate down` until none is applied"
    : `\`studio migrate down --to ${name}\``;
}

/** The refusal to go on, with every problem and its way out; nothing was changed. */
export function refusal(problems: SchemaProblem[]): StudioError {
  return new StudioError({
    code: "migration.problems",
    message: `Nothing was migrated. ${problems.map(({ message }) => message).join(" ")}`,
    hint: problems.map(({ hint }) => hint).join("\n"),
    exitCode: exitCodes.checkFailed,
    details: { problems },
  });
}
