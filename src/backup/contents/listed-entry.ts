import type { Entry } from "../format/entry.ts";
import { escapePath } from "../format/path-text.ts";

/** What is told of a file, folder or link of a snapshot. */
export interface ListedEntry {
  /** In one line, odd bytes as in format/path-text.ts; it can be typed so, too. */
  path: string;
  type: Entry["type"];
  /** Permission bits, octal: `0644`. */
  mode: string;
  uid: number;
  gid: number;
  /** ISO 8601, UTC; null for a time beyond what that can say. */
  modified: string | null;
  /** Of a file; where files below a folder were counted, the sum of theirs. */
  bytes: number;
  /** How many files are below a folder; null where that was not counted, and for all else. */
  files: number | null;
  /** Of a file: SHA-256 of its content, hexadecimal; null where it is not known. */
  sha256: string | null;
  /** Of a link: where it points. */
  target: string | null;
}

export function listed(entry: Entry): ListedEntry {
  const { type, uid, gid, mtime } = entry;
  const time = new Date(mtime);
  return {
    path: escapePath(entry.path),
    type,
    mode: entry.mode.toString(8).padStart(4, "0"),
    uid,
    gid,
    modified: Number.isNaN(time.getTime()) ? null : time.toISOString(),
    bytes: type === "file" ? entry.size : 0,
    files: null,
    sha256: type === "file" && entry.sha256 !== "" ? entry.sha256 : null,
    target: type === "symlink" || type === "link" ? escapePath(entry.target) : null,
  };
}
