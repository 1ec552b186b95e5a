import { hash } from "node:crypto";
import type { Sealer } from "../age/seal.ts";
import type { ObjectKind } from "../format/object.ts";
import { compressedBound, storeInto } from "../format/zstd.ts";
import type { HashSet } from "./hash-set.ts";
import type { FinishedObject, StoredChunk } from "./protocol.ts";
import { isWorthCompressing } from "./worth-compressing.ts";

/** Most bytes of content in one object. */
export const largestRaw = 4 * 1024 * 1024;

/** Hands out buffers for finished objects, and waits while all are on their way. */
export interface BufferSource {
  take(): Promise<ArrayBuffer>;
  /** Takes one back that was not needed. */
  giveBack(buffer: ArrayBuffer): void;
}

/** A chunk, and its object where the repository does not have it. */
export interface MadeChunk {
  chunk: StoredChunk;
  finished: FinishedObject | null;
}

/** As `compressInto` does, at once or while others have their turn. */
export type Compress = (
  content: Uint8Array,
  into: Buffer,
  level: number,
) => number | Promise<number>;

export interface ObjectMakerOptions {
  level: number;
  sealer: Sealer | null;
  compress: Compress;
  buffers: BufferSource;
}

/** Compresses and encrypts content to objects. */
export class ObjectMaker {
  readonly #level: number;
  readonly #sealer: Sealer | null;
  readonly #compressInto: Compress;
  readonly #buffers: BufferSource;
  /** Compressed bytes that are still to be encrypted. */
  readonly #compressed: Buffer;

  constructor(options: ObjectMakerOptions) {
    this.#level = options.level;
    this.#compressInto = options.compress;
    this.#sealer = options.sealer;
    this.#buffers = options.buffers;
    const bytes = options.sealer === null ? 0 : compressedBound(largestRaw);
    this.#compressed = Buffer.allocUnsafeSlow(bytes);
  }

  /** How large a buffer has to be for any object. */
  static bufferBytes(sealer: Sealer | null): number {
    const bound = compressedBound(largestRaw);
    return sealer === null ? bound : sealer.sealedLength(bound);
  }

  async make(kind: Exclude<ObjectKind, "chunk">, raw: Uint8Array): Promise<FinishedObject> {
    return this.#compress(kind, raw, null);
  }

  /** @param known keys of chunks that the repository has */
  async makeChunk(raw: Buffer, known: HashSet): Promise<MadeChunk> {
    if (this.#level === 1 && !isWorthCompressing(raw)) return this.#keep(raw, known);
    const digest = hash("sha256", raw, "buffer");
    const key = digest.toString("hex");
    if (known.has(digest)) return { chunk: { key, object: null }, finished: null };
    const finished = await this.#compress("chunk", raw, key);
    return { chunk: { key, object: finished.sha256 }, finished };
  }

  async #compress(kind: ObjectKind, raw: Uint8Array, key: string | null): Promise<FinishedObject> {
    const buffer = await this.#buffers.take();
    const plain = this.#plainFor(buffer);
    const compressed = await this.#compressInto(raw, plain, this.#level);
    const length = this.#seal(plain, compressed, buffer);
    const sha256 = hash("sha256", new Uint8Array(buffer, 0, length));
    return { kind, sha256, buffer, length, rawBytes: raw.length, key };
  }

  /**
   * Stores a chunk uncompressed. The hash of its frames, which is its name where nothing is
   * encrypted, is what it is known by as well: large files are hashed twice instead of three times.
   */
  async #keep(raw: Buffer, known: HashSet): Promise<MadeChunk> {
    const buffer = await this.#buffers.take();
    const plain = this.#plainFor(buffer);
    const plainLength = storeInto(raw, plain);
    const digest = hash("sha256", plain.subarray(0, plainLength), "buffer");
    const key = digest.toString("hex");
    if (known.has(digest)) {
      this.#buffers.giveBack(buffer);
      return { chunk: { key, object: null }, finished: null };
    }
    const length = this.#seal(plain, plainLength, buffer);
    const isSealed = this.#sealer !== null;
    const sha256 = isSealed ? hash("sha256", new Uint8Array(buffer, 0, length)) : key;
    const finished = { kind: "chunk" as const, sha256, buffer, length, rawBytes: raw.length, key };
    return { chunk: { key, object: sha256 }, finished };
  }

  /** Where the frames of an object are written that is to lie in `buffer` in the end. */
  #plainFor(buffer: ArrayBuffer): Buffer {
    return this.#sealer === null ? Buffer.from(buffer) : this.#compressed;
  }

  /** Encrypts the frames, if they are to be, and tells how long the object is. */
  #seal(plain: Buffer, length: number, buffer: ArrayBuffer): number {
    if (this.#sealer === null) return length;
    return this.#sealer.seal(plain.subarray(0, length), Buffer.from(buffer));
  }
}
