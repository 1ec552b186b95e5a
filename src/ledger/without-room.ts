import { readFileSync, statSync } from "node:fs";
import { StudioError, exitCodes, systemCode } from "../errors.ts";
import { type SqliteFile, openSqliteFile } from "../sqlite/open.ts";

/** SQLITE_IOERR_SHMSIZE: the index of the write-ahead log could not be made, which readers need too. */
const fullCodes = new Set(["ENOSPC", "EDQUOT", "SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"]);

export const lacksRoom = (error: unknown): boolean => fullCodes.has(systemCode(error) ?? "");

/**
 * A file as it stands, for those who look at it on a full disk: SQLite itself would write beside it.
 * @returns null where a write-ahead log holds more than the file does
 */
export function readIntoMemory(file: string): SqliteFile | null {
  if ((statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) return null;
  const content = readFileSync(file);
  // The versions for writing and reading: 2 stands for a write-ahead log, which memory has none of.
  content.fill(1, 18, 20);
  return openSqliteFile(content, { readonly: true });
}

export function noRoomError(file: string, cause: unknown): StudioError {
  return new StudioError({
    code: "disk.full",
    message: `The disk is full: there is no room for what SQLite keeps beside ${file}, which is as it was.`,
    hint: "Make room, then type the same again. The running release goes on serving.",
    exitCode: exitCodes.unavailable,
    cause,
  });
}
