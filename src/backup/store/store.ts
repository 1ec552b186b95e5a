export interface StoredFile {
  key: string;
  /** Bytes. */
  size: number;
  /** When it was last written. */
  modified: Date;
}

/** How a file stands to what it should hold. */
export type Comparison = "same" | "different" | "missing";

/**
 * Where a repository keeps its files. Keys are slash-separated relative paths. A file is whole or
 * absent, never partial.
 */
export interface Store {
  /** For messages; free of secrets. */
  readonly location: string;
  /** The folder that holds the files when they are of this machine, else null. */
  readonly localDirectory: string | null;
  /** How many requests are worth having under way at once: several where each takes a while. */
  readonly requestsAtOnce: number;
  /** Writes a file, replacing an older one. It outlasts a power cut once `sync` has returned. */
  put(key: string, content: Uint8Array): Promise<void>;
  /** The same, but false, and nothing done, where there is one: of several callers one gets it. */
  putNew(key: string, content: Uint8Array): Promise<boolean>;
  /** The whole file, or null when there is none. */
  get(key: string): Promise<Buffer | null>;
  /**
   * Reads a file and compares it with what it should hold. Absent where it would have to be held as
   * a whole for that.
   */
  compare?(key: string, content: Uint8Array): Promise<Comparison>;
  /** All files below a folder (its key ends with a slash; empty for all), in no order. */
  list(folder: string): AsyncIterable<StoredFile>;
  /** Removes a file; an absent one is no error. */
  remove(key: string): Promise<void>;
  /**
   * Protects a file from removal for as long as one that is written now. Absent where files are not
   * protected.
   */
  renew?(key: string): Promise<void>;
  /** Makes all that was done before outlast a power cut. */
  sync(): Promise<void>;
  /** Removes unfinished writes of dead processes, and those untouched since `before`. */
  removeAbandoned(before: Date): Promise<void>;
  close(): Promise<void>;
}
