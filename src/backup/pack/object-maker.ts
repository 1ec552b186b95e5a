import { hash } from "node:crypto";
import type { Sealer } from "../age/seal.ts";
import type { ObjectKind } from "../format/object.ts";
import { compressInto, compressedBound } from "../format/zstd.ts";
import type { FinishedObject } from "./protocol.ts";

/** Most bytes of content in one object. */
export const largestRaw = 4 * 1024 * 1024;

/** Hands out buffers for finished objects, and waits while all are on their way. */
export interface BufferSource {
  take(): Promise<ArrayBuffer>;
}

/** Compresses and encrypts content to objects. */
export class ObjectMaker {
  readonly #level: number;
  readonly #sealer: Sealer | null;
  readonly #buffers: BufferSource;
  /** Compressed bytes that are still to be encrypted. */
  readonly #compressed: Buffer;

  constructor(options: { level: number; sealer: Sealer | null; buffers: BufferSource }) {
    this.#level = options.level;
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

  /** @param content SHA-256 of the content of a chunk */
  async make(
    kind: ObjectKind,
    raw: Buffer,
    content: string | null = null,
  ): Promise<FinishedObject> {
    const buffer = await this.#buffers.take();
    const into = Buffer.from(buffer);
    const length = this.#encode(raw, into);
    const sha256 = hash("sha256", into.subarray(0, length));
    return { kind, sha256, buffer, length, rawBytes: raw.length, content };
  }

  #encode(raw: Buffer, into: Buffer): number {
    if (this.#sealer === null) return compressInto(raw, into, this.#level);
    const length = compressInto(raw, this.#compressed, this.#level);
    return this.#sealer.seal(this.#compressed.subarray(0, length), into);
  }
}
