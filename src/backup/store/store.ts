export interface StoredFile {
  key: string;
  /** Bytes. */
  size: number;
  /** When it was last written. */
  modified: Date;
}

export interface Store {
  readonly location: string;
  readonly localDirectory: string | null;
  put(key: string, content: Uint8Array): Promise<void>;
  putNew(key: string, content: Uint8Array): Promise<boolean>;
  get(key: string): Promise<Buffer | null>;
  list(prefix: string): AsyncIterable<StoredFile>;
  remove(key: string): Promise<void>;
  sync(): Promise<void>;
  removeAbandoned(before: Date): Promise<void>;
  close(): Promise<void>;
}
