/** An object that is being written; nothing sees it before `commit`. */
export interface ObjectWriter {
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the object durable and visible under its key, replacing an older one. */
  commit(): Promise<void>;
  /** Drops what was written. */
  abort(): Promise<void>;
}

export interface ObjectReader {
  /** Bytes. */
  readonly size: number;
  /** Reads up to `length` bytes from `offset`; fewer only at the end of the object. */
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * Where a repository keeps its objects. Keys are slash-separated relative paths. An object is
 * whole or absent, never partial: implementations write under a temporary name and rename, or
 * rely on an upload that becomes visible at its end.
 */
export interface Store {
  /** For messages; free of secrets. */
  readonly location: string;
  /** The folder that holds the objects when they are files of this machine. */
  readonly localDirectory: string | null;
  put(key: string, content: Uint8Array): Promise<void>;
  create(key: string): Promise<ObjectWriter>;
  /** The whole object, or null when there is none. For small objects. */
  get(key: string): Promise<Buffer | null>;
  /** Random access to an object, or null when there is none. */
  open(key: string): Promise<ObjectReader | null>;
  /** Names directly below `folder`, objects and folders alike, in no order. */
  list(folder: string): Promise<string[]>;
  /** Removes one object; an absent one is no error. */
  remove(key: string): Promise<void>;
  /** Removes all objects below `folder`, unfinished writes included. */
  removeFolder(folder: string): Promise<void>;
  /** Removes unfinished writes of dead processes, and those untouched since `before`. */
  removeAbandoned(before: Date): Promise<void>;
}
