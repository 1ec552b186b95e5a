/** What every entry of a snapshot has. */
export interface Attributes {
  /** Relative to the folder that was backed up, slash-separated; bytes as in path-text.ts. */
  path: string;
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Milliseconds since 1970, exact to the microsecond. */
  mtime: number;
  /** Extended attributes: the value in base64 by name. */
  xattrs?: Record<string, string> | undefined;
}

/** Content of a file inside a tar segment. */
export interface MemberPlace {
  kind: "member";
  /** The segment: the SHA-256 of its stored bytes, hexadecimal. */
  object: string;
  /** The name of the member: the path that the content had when it was stored. */
  member: string;
  /** Mode, owner or time have changed since the member was written. */
  stale: boolean;
}

/** Content of a large file: the contents of these objects, one after the other. */
export interface ChunksPlace {
  kind: "chunks";
  objects: string[];
}

export interface FileEntry extends Attributes {
  type: "file";
  /** Bytes. */
  size: number;
  /** SHA-256 of the content, hexadecimal. */
  sha256: string;
  /** Null for an empty file. */
  place: MemberPlace | ChunksPlace | null;
  /** The file had holes; zeros may be left out when it is written. */
  sparse?: boolean | undefined;
}

export interface DirectoryEntry extends Attributes {
  type: "directory";
  /** Only here because it leads to what was asked for. */
  parent: boolean;
}

export interface SymlinkEntry extends Attributes {
  type: "symlink";
  target: string;
}

/** Another name of a file whose entry comes earlier in the snapshot. */
export interface HardLinkEntry extends Attributes {
  type: "link";
  /** The path of that entry. */
  target: string;
}

export type Entry = FileEntry | DirectoryEntry | SymlinkEntry | HardLinkEntry;

/** The SHA-256 of no bytes at all. */
export const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** What is known of a database whose copy is in the snapshot. */
export interface DatabaseFacts {
  label: string;
  dialect: "sqlite" | "postgres" | "mysql";
  /** The file, or the folder of the dump, inside the snapshot. */
  path: string;
  /** Rows of each table at the instant of the copy; null for one that could not be counted. */
  tables: Record<string, number | null>;
  /** The version of the server, and whatever its restore needs to know. */
  server?: Record<string, unknown> | undefined;
}
