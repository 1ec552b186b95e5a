import type { KnownObject } from "../base/base.ts";
import { objectKey } from "../format/object.ts";
import type { FinishedObject } from "../pack/protocol.ts";
import { putVerified } from "../store/put-verified.ts";
import type { Store } from "../store/store.ts";

/**
 * Puts new objects into the repository, each once, reads them back, and remembers what all of them
 * are.
 */
export class ObjectSink {
  readonly #store: Store;
  readonly #encrypted: boolean;
  /** Bytes of the objects that are there, by their SHA-256. */
  readonly #there: Map<string, number>;
  readonly #objects = new Map<string, KnownObject>();
  /** Chunks by what they are known by. */
  readonly #chunks = new Map<string, string>();
  /** Bytes that were written. */
  addedBytes = 0;
  /** Keys of the objects that were written, by their SHA-256. */
  readonly added = new Map<string, string>();

  constructor(store: Store, encrypted: boolean, there: Map<string, number>) {
    this.#store = store;
    this.#encrypted = encrypted;
    this.#there = there;
  }

  async put(object: FinishedObject): Promise<void> {
    const { kind, sha256, rawBytes, key, length } = object;
    if (key !== null) {
      // Two threads may have met the same content at once; encrypted, it has two names.
      if (this.#chunks.has(key)) return;
      this.#chunks.set(key, sha256);
    }
    if (this.#objects.has(sha256)) return;
    const known: KnownObject = { sha256, kind, rawBytes, storedBytes: length, key };
    this.#objects.set(sha256, known);
    if (this.#there.get(sha256) === length) return;
    const path = objectKey({ kind, sha256 }, this.#encrypted);
    this.added.set(sha256, path);
    this.addedBytes += length;
    await putVerified(this.#store, path, new Uint8Array(object.buffer, 0, length));
  }

  /** What a new object is. */
  object(sha256: string): KnownObject | undefined {
    return this.#objects.get(sha256);
  }

  /** The object of a chunk that is new in this run. */
  chunk(key: string): string | undefined {
    return this.#chunks.get(key);
  }
}
