import { StudioError, exitCodes, reasonOf, systemCode, usageError } from "../errors.ts";

/** Something stored is not what was written: a flipped, missing or foreign byte. */
export function damaged(message: string): StudioError {
  return new StudioError({
    code: "backup.damaged",
    message,
    hint: "Use another snapshot: `studio backup list` shows which ones were verified.",
    exitCode: exitCodes.checkFailed,
  });
}

export function isDamage(error: unknown): boolean {
  return error instanceof StudioError && error.code === "backup.damaged";
}

export function unknownSnapshot(id: string, location: string): StudioError {
  return usageError(
    `There is no snapshot ${id} in ${location}.`,
    "`studio backup list` shows the snapshots.",
  );
}

/** Whether a disk, or a share of it, has no room left. */
export function isFull(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Turns what the system says about a repository's disk into an error the operator can act on. */
export function repositoryFailure(error: unknown, location: string): unknown {
  const code = systemCode(error);
  if (error instanceof StudioError || code === undefined || !/^E[A-Z0-9]+$/.test(code)) {
    return error;
  }
  const full = isFull(error);
  return new StudioError({
    code: full ? "backup.full" : "backup.unavailable",
    message: full
      ? `The repository ${location} has no room left; what was unfinished was removed.`
      : `The repository ${location} cannot be used: ${reasonOf(error)}.`,
    hint: full
      ? "Free some space, remove old snapshots with `studio backup prune`, or use another repository."
      : "Check that the folder is mounted and belongs to the user who runs studio.",
    exitCode: exitCodes.unavailable,
    cause: error,
  });
}

/** Turns what the system says about the place that is restored to into an error. */
export function restoreFailure(error: unknown, target: string): unknown {
  const code = systemCode(error);
  if (error instanceof StudioError || code === undefined || !/^E[A-Z0-9]+$/.test(code)) {
    return error;
  }
  return new StudioError({
    code: isFull(error) ? "restore.full" : "restore.failed",
    message: isFull(error)
      ? `There is no room left to restore to ${target}: ${reasonOf(error)}.`
      : `The restore to ${target} stopped: ${reasonOf(error)}.`,
    hint: "Mend that and run the same restore again: it goes on where it stopped.",
    exitCode: exitCodes.unavailable,
    cause: error,
  });
}
