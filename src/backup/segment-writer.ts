import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import type { StoredObject } from "./commit.ts";
import type { SegmentLine } from "./manifest.ts";
import { createPace } from "./pace.ts";
import { snapshotKey } from "./repository.ts";
import type { ObjectWriter, Store } from "./store.ts";
import { encodeTarHeader, endOfArchive, paddingOf } from "./tar-header.ts";
import type { TarMember } from "./tar-header.ts";
import { compressFrame, frameBytes } from "./zstd.ts";

export interface SegmentOptions {
  store: Store;
  id: string;
  /** A new archive is begun at the next member once one holds this many bytes. */
  segmentBytes: number;
  signal: AbortSignal | undefined;
}

interface OpenSegment {
  name: string;
  writer: ObjectWriter;
  hash: Hash;
  frames: number[];
  bytes: number;
  storedBytes: number;
}

const zeros = Buffer.alloc(512);

/**
 * Writes tar archives as objects of a snapshot. An archive is cut into frames of the same length
 * that are compressed each on its own: memory stays bounded, and a member can be read alone.
 */
export class SegmentWriter {
  readonly #options: SegmentOptions;
  readonly #pace: () => Promise<void>;
  readonly #frame = Buffer.allocUnsafe(frameBytes);
  #filled = 0;
  #open: OpenSegment | null = null;
  readonly objects: StoredObject[] = [];
  readonly lines: SegmentLine[] = [];

  constructor(options: SegmentOptions) {
    this.#options = options;
    this.#pace = createPace(options.signal);
  }

  /**
   * Begins a member: `member.size` bytes of content have to follow by `write`, then `endMember`.
   * Returns where the content will be.
   */
  async beginMember(member: TarMember): Promise<{ segment: string; offset: number }> {
    const segment = await this.#segment();
    await this.write(encodeTarHeader(member));
    return { segment: segment.name, offset: segment.bytes };
  }

  async write(bytes: Uint8Array): Promise<void> {
    const segment = this.#open;
    if (segment === null) throw new Error("No member was begun.");
    for (let done = 0; done < bytes.length; ) {
      const piece = bytes.subarray(done, done + frameBytes - this.#filled);
      this.#frame.set(piece, this.#filled);
      this.#filled += piece.length;
      done += piece.length;
      segment.bytes += piece.length;
      if (this.#filled === frameBytes) await this.#flush(segment);
    }
  }

  async endMember(size: number): Promise<void> {
    await this.write(zeros.subarray(0, paddingOf(size)));
  }

  /** Completes the last archive. */
  async finish(): Promise<void> {
    if (this.#open !== null) await this.#close(this.#open);
  }

  /** Drops the archive that is being written. */
  async abort(): Promise<void> {
    await this.#open?.writer.abort();
    this.#open = null;
  }

  async #segment(): Promise<OpenSegment> {
    if (this.#open !== null && this.#open.bytes >= this.#options.segmentBytes) {
      await this.#close(this.#open);
    }
    if (this.#open !== null) return this.#open;
    const name = `data-${String(this.objects.length + 1).padStart(4, "0")}.tar.zst`;
    const writer = await this.#options.store.create(snapshotKey(this.#options.id, name));
    const hash = createHash("sha256");
    this.#open = { name, writer, hash, frames: [], bytes: 0, storedBytes: 0 };
    return this.#open;
  }

  async #flush(segment: OpenSegment): Promise<void> {
    const frame = compressFrame(this.#frame.subarray(0, this.#filled));
    this.#filled = 0;
    segment.hash.update(frame);
    segment.frames.push(frame.length);
    segment.storedBytes += frame.length;
    await segment.writer.write(frame);
    await this.#pace();
  }

  async #close(segment: OpenSegment): Promise<void> {
    await this.write(endOfArchive);
    if (this.#filled > 0) await this.#flush(segment);
    await segment.writer.commit();
    this.#open = null;
    const { name, bytes, frames, storedBytes, hash } = segment;
    this.objects.push({ name, size: storedBytes, sha256: hash.digest("hex") });
    this.lines.push({ type: "segment", name, frameBytes, bytes, frames });
  }
}
