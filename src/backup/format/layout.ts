import { usageError } from "../../errors.ts";
import { isIdentifier } from "../../identifier.ts";

export const snapshotsFolder = "snapshots/";
export const trashFolder = "trash/";
export const locksFolder = "locks/";
export const damagedFolder = "damaged/";
/** Inside a snapshot: copies of databases and of logs, in a folder that no project uses itself. */
export const copiesFolder = ".studio/snapshot/";
export const configKey = "config.json";

/** What lies in the folder of a snapshot. */
export type SnapshotFile = "COMMIT" | "manifest.zst" | "objects" | "verified.json" | "drilled.json";

/** The key of a file of a snapshot; the manifest's ends with `.age` where it is encrypted. */
export function snapshotKey(id: string, file: SnapshotFile, encrypted = false): string {
  return `${snapshotFolder(id)}${file}${encrypted && file === "manifest.zst" ? ".age" : ""}`;
}

export function snapshotFolder(id: string): string {
  if (isIdentifier(id)) return `${snapshotsFolder}${id}/`;
  throw usageError(
    `"${id}" is not the id of a snapshot.`,
    "An id looks like 20261120T210500Z-k3xq; studio backup list shows them.",
  );
}

export function trashKey(id: string): string {
  return `${trashFolder}${id}.json`;
}

/** @param sha256 of an object */
export function damagedKey(sha256: string): string {
  return `${damagedFolder}${sha256}`;
}
