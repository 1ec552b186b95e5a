import { StudioError, exitCodes } from "../errors.ts";

/** What a restore could not deliver as it was backed up. */
export function damagedFiles(
  id: string,
  files: readonly { path: string; reason: string }[],
): StudioError {
  const [first] = files;
  return new StudioError({
    code: "backup.damaged",
    message: `${files.length} files of snapshot ${id} are not what was backed up; the first is ${first?.path}: ${first?.reason}.`,
    hint: "Restore the rest with --exclude, or use another snapshot: `studio backup list`.",
    exitCode: exitCodes.checkFailed,
    details: { files: files.slice(0, 100) },
  });
}
