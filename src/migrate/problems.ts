import { StudioError, exitCodes } from "../errors.ts";
import type { AppliedMigration } from "./journal.ts";
import type { MigrationListing } from "./source.ts";

/**
 * Why nothing may be migrated:
 * - `edited`: the file is not the one that was applied;
 * - `missing`: it was applied, and no file has its name;
 * - `renamed`: the same, and a pending file has its content;
 * - `copied`: it is pending, and has the content of one that was applied and is still there;
 * - `outOfOrder`: it is pending, and a later one of the same origin was applied;
 * - `unfinished`: it is half-way up or down, and has to be carried through first;
 * - `tampered`: the rows of the journal do not follow each other;
 * - `unknown`: the journal gives it a status that this version of studio does not know.
 */
export type SchemaProblemKind =
  | "edited"
  | "missing"
  | "renamed"
  | "copied"
  | "outOfOrder"
  | "unfinished"
  | "tampered"
  | "unknown";

export interface SchemaProblem {
  kind: SchemaProblemKind;
  name: string;
  /** What is wrong, as one sentence. */
  message: string;
  /** The way out, with the command that takes it. */
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
  const byContent = new Map(pending.map((migration) => [migration.checksum, migration]));
  return [
    ...applied.flatMap((row, index) => [
      ...chainProblems(row, index, applied),
      ...appliedProblems(row, files.get(row.name), byContent.get(row.checksum)),
    ]),
    ...pending.flatMap((migration) => [
      ...copyProblems(migration, applied, files),
      ...orderProblems(migration, applied),
    ]),
  ];
}

/** Every row names the one before it: one that was taken out, put in or moved breaks that. */
function chainProblems(
  row: AppliedMigration,
  index: number,
  applied: AppliedMigration[],
): SchemaProblem[] {
  const before = applied[index - 1];
  const follows = row.parent === (before?.name ?? null) && row.sequence === index + 1;
  if (follows) return [];
  return [
    {
      kind: "tampered",
      name: row.name,
      message:
        `The journal says that ${row.name} was number ${row.sequence} and followed ` +
        `${row.parent ?? "nothing"}, but it comes as number ${index + 1} after ` +
        `${before?.name ?? "nothing"}: rows were changed by other means.`,
      hint:
        "Restore the journal from a backup, or make it agree with itself, once you know what the " +
        "schema holds: `studio migrate repair --relink`.",
    },
  ];
}

function appliedProblems(
  row: AppliedMigration,
  file: MigrationListing | undefined,
  sameContent: MigrationListing | undefined,
): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  const isUnfinished = row.status === "running" || row.status === "reverting";
  if (isUnfinished) problems.push(unfinished(row));
  else if (row.status !== "applied") problems.push(unknown(row));
  if (file === undefined && sameContent !== undefined) problems.push(renamed(row, sameContent));
  else if (file === undefined) problems.push(missing(row));
  // What is to be carried on may be corrected from where it stopped.
  else if (file.checksum !== row.checksum && !isUnfinished) problems.push(edited(row, file));
  return problems;
}

function copyProblems(
  migration: MigrationListing,
  applied: AppliedMigration[],
  files: Map<string, MigrationListing>,
): SchemaProblem[] {
  const original = applied.find(
    (row) => row.checksum === migration.checksum && files.has(row.name),
  );
  if (original === undefined) return [];
  return [
    {
      kind: "copied",
      name: migration.name,
      message: `${migration.file} has the same content as ${original.name}, which was applied on ${original.startedAt}.`,
      hint: `Remove the copy (\`rm ${migration.file}\`), or write into it what it is meant to do.`,
    },
  ];
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
      "migration; or, where the edit changes nothing of what it does, take it as it is: " +
      `\`studio migrate repair --accept ${row.name}\`.`,
  };
}

function missing(row: AppliedMigration): SchemaProblem {
  return {
    kind: "missing",
    name: row.name,
    message: `The migration ${row.name} was applied on ${row.startedAt}, and its file is gone.`,
    hint:
      `Restore the file (SHA-256 ${row.checksum}), for instance from version control; or, where ` +
      `the schema no longer holds what it did, \`studio migrate repair --forget ${row.name}\`.`,
  };
}

function renamed(row: AppliedMigration, file: MigrationListing): SchemaProblem {
  const extension = file.file.slice(file.file.lastIndexOf(file.name) + file.name.length);
  const original = file.file.slice(0, file.file.lastIndexOf(file.name)) + row.name + extension;
  return {
    kind: "renamed",
    name: row.name,
    message: `The migration ${row.name} was applied on ${row.startedAt}, and its file is now called ${file.name}.`,
    hint: `Give the file its name back: \`mv ${file.file} ${original}\`.`,
  };
}

function outOfOrder(migration: MigrationListing, later: AppliedMigration): SchemaProblem {
  return {
    kind: "outOfOrder",
    name: migration.name,
    message: `The migration ${migration.name} is pending, but the later ${later.name} was applied.`,
    hint:
      `Give it the present time, where it may come last: \`studio migrate repair --move ${migration.name}\`; ` +
      `or ${revertTo(later.parent)} first.`,
  };
}

function unfinished(row: AppliedMigration): SchemaProblem {
  const command = row.status === "running" ? "up" : "down";
  const byHand = `\`studio migrate repair --applied ${row.name}\` or \`--reverted ${row.name}\` says so`;
  if (row.progress === null) {
    return {
      kind: "unfinished",
      name: row.name,
      message:
        `The migration ${row.name} stopped half-way ${command} on ${row.startedAt}, after it had ` +
        "committed part of its work by itself.",
      hint: `Finish that part or undo it by hand, or restore the database from a backup; then ${byHand}.`,
    };
  }
  const { done } = row.progress;
  return {
    kind: "unfinished",
    name: row.name,
    message:
      `The migration ${row.name} stopped half-way ${command} on ${row.startedAt}, after ` +
      `${done} ${done === 1 ? "statement" : "statements"} had been committed.`,
    hint: `\`studio migrate ${command}\` carries it through from there; where the rest was done by hand, ${byHand}.`,
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
