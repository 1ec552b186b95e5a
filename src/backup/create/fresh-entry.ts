import type { Entry } from "../format/entry.ts";

/** An entry that is new or has changed since the base. */
export interface FreshEntry {
  /** Null until its content is stored, and for good where it could not be. */
  entry: Entry | null;
  ctime: number;
  inode: number;
  /** It may have changed after it was read without its times telling. */
  doubtful: boolean;
}

/** An entry of the snapshot that is made: the number of one of the base, or a fresh one. */
export type Item = number | FreshEntry;
