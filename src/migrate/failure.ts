import { StudioError, exitCodes, reasonOf } from "../errors.ts";
import { placeOfError } from "./error-place.ts";
import type { MigrationListing } from "./source.ts";
import { isLockConflict } from "./transaction.ts";

/** What became of a migration that threw: looked up in the journal, not assumed. */
export type FailureOutcome = "undone" | "left" | "unknown";

export type MigrationDirection = "up" | "down";

export interface MigrationFailure {
  migration: MigrationListing;
  direction: MigrationDirection;
  error: unknown;
  outcome: FailureOutcome;
  /** The migrations of this run that were done before it, and stay done. */
  done: string[];
}

/** `migration.failed`: exit 5 when the database is as before the migration, 6 when not. */
export function migrationFailed(failure: MigrationFailure): StudioError {
  const { migration, direction, error, outcome, done } = failure;
  const { file, line } = placeOfError(error, migration.file);
  const verb = direction === "up" ? "applied" : "reverted";
  const place = `${file}${line === null ? "" : `:${line}`}`;
  const earlier =
    done.length === 0 ? "" : ` ${done.length} ${verb} before it in this run: ${done.join(", ")}.`;
  return new StudioError({
    code: "migration.failed",
    message:
      `The migration ${migration.name} could not be ${verb} (${place}): ${reasonOf(error)}. ` +
      `${outcomes[outcome]}${earlier}`,
    hint: hintFor(failure),
    exitCode: outcome === "undone" ? exitCodes.undone : exitCodes.notUndone,
    details: { name: migration.name, file, line, direction, outcome, [verb]: done },
    cause: error,
  });
}

const outcomes: Record<FailureOutcome, string> = {
  undone: "The database is as it was before this migration.",
  left: "The migration had committed part of its work by itself, and that part is left.",
  unknown: "The database cannot be reached any more to see whether the migration was undone.",
};

function hintFor(failure: MigrationFailure): string {
  const again = `run \`studio migrate ${failure.direction}\` again`;
  if (failure.outcome === "left") {
    return (
      `Correct the migration from where it stopped, then ${again}: what is done is not done again. ` +
      "`studio migrate status` tells how far it is."
    );
  }
  if (failure.outcome === "unknown") return "See `studio migrate status` once it can be reached.";
  return isLockConflict(failure.error)
    ? `End the transaction that holds the lock, or raise migrate.lockTimeout; then ${again}.`
    : `Correct the migration, then ${again}.`;
}
