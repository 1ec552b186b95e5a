import type { ObjectName } from "../format/object.ts";

/** Where and how a file is written. */
export interface FileToWrite {
  /** Absolute path of the file to make; see path-text.ts. Nothing is there yet. */
  temporary: string;
  /** Where to move it once it is complete and proven; null to leave it where it is. */
  final: string | null;
  mode: number;
  /** Null: it belongs to whoever restores. */
  owner: { uid: number; gid: number } | null;
  /** Milliseconds since 1970. */
  mtime: number;
  /** Zeros are left out. */
  sparse: boolean;
}

/** Content that is to be proven, and written wherever it is wanted. */
export interface WantedContent {
  /** SHA-256, hexadecimal. */
  sha256: string;
  /** Bytes. */
  size: number;
  /** None where it is only to be proven. */
  files: FileToWrite[];
}

/**
 * `all`: the stored bytes of each object, and each content. `contents`: stored bytes only where a
 * content is not what it should be, to find out why.
 */
export type Proof = "all" | "contents";

export type UnpackJob =
  | { type: "segment"; object: ObjectName; members: { member: string; content: WantedContent }[] }
  | { type: "large"; objects: ObjectName[]; content: WantedContent }
  /** The stored bytes alone: nothing else can be proven without a key. */
  | { type: "stored"; objects: ObjectName[] };

/** A problem of each content, or of each object, in the order of the job; null where it is sound. */
export interface UnpackResult {
  problems: (string | null)[];
}

/** What a thread asks for in the middle of a job. */
export interface UnpackNotice {
  type: "want";
  number: number;
  object: ObjectName;
}

/** The stored bytes of an object, or null where it is missing. */
export interface ObjectBytes {
  type: "bytes";
  number: number;
  buffer: ArrayBuffer | null;
  offset: number;
  length: number;
}

export interface UnpackSettings {
  /** The folder of the repository, where threads can read it themselves; null: they ask for it. */
  directory: string | null;
  proof: Proof;
  encrypted: boolean;
  /** Texts of age identity files; none where the repository is not encrypted, or cannot be read. */
  identities: readonly string[];
}
