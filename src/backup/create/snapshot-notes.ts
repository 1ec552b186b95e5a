import type { SkippedPath } from "../sources/source.ts";

/** What came up while a snapshot was made. */
export interface SnapshotNotes {
  /** What should have been stored and could not be: the snapshot is incomplete. */
  skipped: SkippedPath[];
  /** What was gone when it was to be read: no fault of the snapshot. */
  vanished: string[];
  /** FIFOs, sockets and devices, which are never stored. */
  ignored: { path: string; kind: string }[];
  /** Symbolic links that patterns name: they are stored, what they point to is not. */
  links: { path: string; target: string }[];
  /** What else the operator should know of the snapshot although it is complete. */
  remarks: string[];
  /** Files that changed each time they were read; what was read last is stored. */
  changed: string[];
}
