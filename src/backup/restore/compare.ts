import { createHash } from "node:crypto";
import { closeSync, lstatSync, openSync, readSync, readdirSync, readlinkSync } from "node:fs";
import type { Stats } from "node:fs";
import { systemCode } from "../../errors.ts";
import type { Entry, FileEntry } from "../format/entry.ts";
import { pathFromBytes, systemPath } from "../format/path-text.ts";
import type { RestoreState } from "./plan.ts";

const readBytes = 1024 * 1024;

/** What a restore of an entry would find below `target`. */
export async function stateOf(
  entry: Entry,
  target: string,
  byTime: boolean,
  pace: () => Promise<void>,
): Promise<Exclude<RestoreState, "extra">> {
  const found = lookAt(`${target}/${entry.path}`);
  if (found === null) return "new";
  if (await isSame(entry, target, found, byTime, pace)) return "same";
  return found.mtimeMs > entry.mtime ? "newerHere" : "differs";
}

async function isSame(
  entry: Entry,
  target: string,
  found: Stats,
  byTime: boolean,
  pace: () => Promise<void>,
): Promise<boolean> {
  const path = `${target}/${entry.path}`;
  switch (entry.type) {
    case "directory":
      return found.isDirectory();
    case "symlink":
      return found.isSymbolicLink() && targetOf(path) === entry.target;
    case "link": {
      const other = lookAt(`${target}/${entry.target}`);
      return other !== null && other.ino === found.ino && other.dev === found.dev;
    }
    case "file": {
      if (!found.isFile() || found.size !== entry.size) return false;
      if (byTime) return Math.abs(found.mtimeMs - entry.mtime) < 0.001;
      return hasContent(path, entry, pace);
    }
  }
}

/** Where a symbolic link points. */
export function targetOf(path: string): string {
  return pathFromBytes(readlinkSync(systemPath(path), { encoding: "buffer" }));
}

async function hasContent(
  path: string,
  { size, sha256 }: FileEntry,
  pace: () => Promise<void>,
): Promise<boolean> {
  return (await hashFile(path, size, pace)) === sha256;
}

/**
 * SHA-256 of a file's content, hexadecimal.
 * @param size how many bytes it is expected to have
 */
export async function hashFile(
  path: string,
  size: number,
  pace: () => Promise<void>,
): Promise<string> {
  const sum = createHash("sha256");
  const buffer = Buffer.allocUnsafe(Math.min(readBytes, size + 1));
  const descriptor = openSync(systemPath(path), "r");
  try {
    for (;;) {
      const length = readSync(descriptor, buffer);
      if (length === 0) break;
      sum.update(buffer.subarray(0, length));
      await pace();
    }
  } finally {
    closeSync(descriptor);
  }
  return sum.digest("hex");
}

/** What is only in the target, directly in the folders that are restored as a whole. */
export function findExtra(
  known: ReadonlySet<string>,
  folders: ReadonlySet<string>,
  target: string,
): string[] {
  const extra: string[] = [];
  for (const folder of folders) {
    const absolute = `${target}/${folder}`;
    if (lookAt(absolute)?.isDirectory() !== true) continue;
    for (const name of readdirSync(systemPath(absolute), { encoding: "buffer" })) {
      const path = `${folder}/${pathFromBytes(name)}`;
      if (!known.has(path)) extra.push(path);
    }
  }
  return extra.sort();
}

/** What is at a path, links not followed; null when nothing is, or its folder is none. */
export function lookAt(path: string): Stats | null {
  try {
    return lstatSync(systemPath(path), { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (systemCode(error) === "ENOTDIR") return null;
    throw error;
  }
}
