import type { ObjectKind } from "../format/object.ts";
import type { SharedHashes } from "./hash-set.ts";

/** A file to store, as it was when its folder was read. */
export interface FileToStore {
  /** Inside the snapshot; see path-text.ts. */
  path: string;
  /** Absolute path to read from; see path-text.ts. */
  file: string;
  /** Bytes. */
  size: number;
  mode: number;
  uid: number;
  gid: number;
  /** Milliseconds since 1970, with fractions. */
  mtime: number;
  ctime: number;
  inode: number;
}

/** What a thread is asked to store. */
export type Job =
  | { type: "segment"; files: FileToStore[] }
  | { type: "large"; file: FileToStore; chunkBytes: number }
  | { type: "page"; text: Uint8Array };

/** The fate of one file. */
export type StoredFile =
  | {
      outcome: "stored";
      /** SHA-256 of the content, hexadecimal. */
      sha256: string;
      /** Bytes that were read and stored. */
      size: number;
      place: StoredPlace;
      /** The file changed while it was read, more than once. */
      changed: boolean;
      mtime: number;
      ctime: number;
      inode: number;
    }
  | { outcome: "vanished" }
  | { outcome: "unreadable"; reason: string }
  /** It has outgrown the archive that it was planned for. */
  | { outcome: "grown"; file: FileToStore };

export type StoredPlace =
  | { kind: "empty" }
  /** The content is in the repository since before: `sha256` says which it is. */
  | { kind: "known" }
  | { kind: "member"; object: string; member: string }
  | { kind: "chunks"; chunks: StoredChunk[] };

export interface StoredChunk {
  /** What it is known by: SHA-256 of its content or, where that is not compressed, of its frames. */
  key: string;
  /** SHA-256 of the stored object; null when the repository has it since before. */
  object: string | null;
}

export type JobResult =
  | { type: "segment"; files: StoredFile[] }
  | { type: "large"; file: StoredFile }
  | { type: "page"; object: string };

/** An object that is to be put into the repository. */
export interface FinishedObject {
  kind: ObjectKind;
  /** SHA-256 of the stored bytes. */
  sha256: string;
  /** The stored bytes are the first `length` of `buffer`. */
  buffer: ArrayBuffer;
  length: number;
  /** Bytes of content before compression. */
  rawBytes: number;
  /** What a chunk is known by, see `StoredChunk`; null for any other kind. */
  key: string | null;
}

/** What a thread says in the middle of a job. */
export interface PackNotice {
  type: "object";
  object: FinishedObject;
}

/** The answer: a buffer of a finished object, to be used again. */
export interface BufferBack {
  type: "buffer";
  buffer: ArrayBuffer;
}

export interface PackSettings {
  /** age recipients; none for a repository that is not encrypted. */
  recipients: readonly string[];
  /** zstd level. */
  level: number;
  /** How many objects of a packer may be on their way to the repository at once. */
  buffers: number;
  /** Content that the repository has. */
  known: { files: SharedHashes[]; chunks: SharedHashes[] };
}
