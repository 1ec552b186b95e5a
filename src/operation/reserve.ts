import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { randomBytes } from "node:crypto";

/** Room given back before an undo on a full disk: enough for the journal and small files. */
const reserveBytes = 4 * 1024 * 1024;

/** Makes the reserve file when it is missing or short. Random bytes: some disks compress. */
export function fillReserve(file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= reserveBytes) return;
  try {
    const descriptor = openSync(file, "w", 0o600);
    try {
      const block = randomBytes(64 * 1024);
      for (let at = 0; at < reserveBytes; at += block.length) writeSync(descriptor, block);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
}

/** Gives the reserved room back to the file system. */
export function releaseReserve(file: string): void {
  rmSync(file, { force: true });
}

/** True for errors that mean that the disk, or the operator's share of it, is full. */
export function isDiskFull(error: unknown): boolean {
  const seen = new Set<unknown>();
  let at: unknown = error;
  while (typeof at === "object" && at !== null && !seen.has(at)) {
    seen.add(at);
    if ("code" in at && ["ENOSPC", "EDQUOT", "SQLITE_FULL"].includes(String(at.code))) return true;
    at = "cause" in at ? at.cause : undefined;
  }
  return false;
}
