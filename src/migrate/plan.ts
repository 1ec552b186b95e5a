import { StudioError, exitCodes, usageError } from "../errors.ts";
import type { AppliedMigration } from "./journal.ts";
import { findProblems, refusal } from "./problems.ts";
import type { MigrationListing } from "./source.ts";
import { compareSchema } from "./state.ts";

/** The names to apply, in order. Fails closed on any problem of the schema. */
export function planUp(
  applied: AppliedMigration[],
  migrations: MigrationListing[],
  to: string | undefined,
): string[] {
  const { pending, problems } = compareSchema(applied, migrations);
  const begun = halfWay(applied, "running");
  // One that stopped on its way up is what comes first.
  const others = problems.filter(({ kind, name }) => kind !== "unfinished" || name !== begun[0]);
  if (others.length > 0) throw refusal(others);
  const names = [...begun, ...pending.map(({ name }) => name)];
  if (to === undefined) return names;
  if (applied.some(({ name, status }) => name === to && status === "applied")) return begun;
  if (!names.includes(to)) throw unknownName(to, names, "pending");
  return names.slice(0, names.indexOf(to) + 1);
}

/** The names to revert, in order. Fails closed on a problem of any of them. */
export function planDown(
  applied: AppliedMigration[],
  migrations: MigrationListing[],
  target: { to?: string | null; steps?: number },
): string[] {
  const keep =
    target.steps === undefined ? keptUpTo(applied, target.to) : keptBefore(applied, target.steps);
  const names = applied.slice(keep).map(({ name }) => name);
  // The order of files does not matter on the way back: reverting is how it is put right.
  const begun = halfWay(applied, "reverting");
  const problems = findProblems(applied, migrations).filter(
    ({ name, kind }) =>
      names.includes(name) &&
      kind !== "outOfOrder" &&
      !(kind === "unfinished" && begun.includes(name)),
  );
  if (problems.length > 0) throw refusal(problems);
  const oneWay = new Set(applied.slice(keep).flatMap((row) => (row.reversible ? [] : [row.name])));
  if (oneWay.size > 0) throw irreversible(migrations.filter(({ name }) => oneWay.has(name)));
  return names.toReversed();
}

/** The last migration, where it stopped half-way in this direction. */
function halfWay(applied: AppliedMigration[], status: "running" | "reverting"): string[] {
  const last = applied.at(-1);
  return last?.status === status && last.progress !== null ? [last.name] : [];
}

function keptUpTo(applied: AppliedMigration[], to: string | null | undefined): number {
  if (to === null || to === undefined) return 0;
  const index = applied.findIndex(({ name }) => name === to);
  if (index === -1) {
    throw unknownName(
      to,
      applied.map(({ name }) => name),
      "applied",
    );
  }
  return index + 1;
}

function keptBefore(applied: AppliedMigration[], steps: number): number {
  if (!Number.isInteger(steps) || steps < 1) {
    throw usageError(`${steps} is not a number of migrations to revert.`, "Give 1 or more.");
  }
  if (steps <= applied.length) return applied.length - steps;
  throw usageError(
    applied.length === 0
      ? "No migration is applied: there is nothing to take back."
      : `${steps} migrations cannot be taken back: ${applied.length} are applied.`,
    "`studio migrate status` shows them.",
  );
}

function unknownName(name: string, known: string[], what: string): StudioError {
  return usageError(
    `No ${what} migration is called ${name}.`,
    known.length === 0
      ? `None is ${what}: see \`studio migrate status\`.`
      : `These are ${what}: ${known.join(", ")}.`,
  );
}

const lacking = (file: string): string =>
  `${file} has no ${file.endsWith(".sql") ? "part `-- studio: down`" : "down(knex)"}`;

function irreversible(migrations: MigrationListing[]): StudioError {
  const files = migrations.map(({ file }) => file);
  return new StudioError({
    code: "migration.irreversible",
    message: `Nothing was reverted: ${files.map(lacking).join(", ")}.`,
    hint: "Return to a later migration, write a new one that goes back, or restore a backup.",
    exitCode: exitCodes.checkFailed,
    details: { names: migrations.map(({ name }) => name), files },
  });
}
