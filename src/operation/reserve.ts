import { closeSync, fsyncSync, openSync, rmSync, statSync, statfsSync, writeSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { StudioError, exitCodes, reasonOf } from "../errors.ts";
import type { Reach } from "./faults.ts";

/** Room given back before an undo on a full disk: enough for the journal and small files. */
const reserveBytes = 4 * 1024 * 1024;

/** Makes the reserve file when it is missing or short. Random bytes: some disks compress. */
export function fillReserve(file: string, reach: Reach): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= reserveBytes) return;
  try {
    const descriptor = openSync(file, "w", 0o600);
    try {
      const block = randomBytes(64 * 1024);
      for (let at = 0; at < reserveBytes; at += block.length) {
        writeWhole(descriptor, block);
        if (at === 0) reach("begun");
      }
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
}

/** A nearly full disk takes part of a block without an error; the next write then tells. */
function writeWhole(descriptor: number, block: Buffer): void {
  for (let done = 0; done < block.length; ) {
    done += writeSync(descriptor, block, done, block.length - done);
  }
}

/** Gives the reserved room back to the file system. */
export function releaseReserve(file: string): void {
  rmSync(file, { force: true });
}

/** Gives the reserved room back when the file system has less than that left. */
export function releaseReserveWhenShort(file: string): void {
  try {
    const { bavail, bsize } = statfsSync(dirname(file));
    if (bavail * bsize < reserveBytes) releaseReserve(file);
  } catch {
    // No such folder: there is no reserve either.
  }
}

/** Acts; where the disk is too full for it, gives the reserve back and acts once more. */
export function withReserve<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    releaseReserve(file);
    return act();
  }
}

/** SQLITE_IOERR_SHMSIZE: the index of the write-ahead log could not be made larger. */
const fullCodes = ["ENOSPC", "EDQUOT", "SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"];

/** True for errors that mean that the disk, or the operator's share of it, is full. */
export function isDiskFull(error: unknown): boolean {
  const seen = new Set<unknown>();
  let at: unknown = error;
  while (typeof at === "object" && at !== null && !seen.has(at)) {
    seen.add(at);
    if ("code" in at && fullCodes.includes(String(at.code))) return true;
    at = "cause" in at ? at.cause : undefined;
  }
  return false;
}

/** What is told when the disk is too full to begin. */
export function diskFullError(error: unknown): StudioError {
  return new StudioError({
    code: "disk.full",
    message: `The disk is full: ${reasonOf(error)}. Nothing was changed.`,
    hint: "Make room (`studio backup prune` removes old snapshots), then run the command again.",
    exitCode: exitCodes.unavailable,
    cause: error,
  });
}
