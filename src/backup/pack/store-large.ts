import { createHash } from "node:crypto";
import { closeSync, fstatSync } from "node:fs";
import { emptySha256 } from "../format/entry.ts";
import type { HashSet } from "./hash-set.ts";
import type { ObjectMaker } from "./object-maker.ts";
import type { FileToStore, FinishedObject, StoredChunk, StoredFile } from "./protocol.ts";
import { fateOf, isUntouched, openToStore, readFully, seenAs } from "./read-file.ts";

/** Stores large files as chunks of equal length. */
export class ChunkPacker {
  readonly #maker: ObjectMaker;
  readonly #known: HashSet;
  readonly #finished: (object: FinishedObject) => void;
  #raw = Buffer.alloc(0);

  constructor(maker: ObjectMaker, known: HashSet, finished: (object: FinishedObject) => void) {
    this.#maker = maker;
    this.#known = known;
    this.#finished = finished;
  }

  /**
   * Stores as many bytes as the file had when it was opened: one that grows, as a log does, is cut
   * there.
   */
  async store(planned: FileToStore, chunkBytes: number): Promise<StoredFile> {
    const opened = openToStore(planned.file);
    if (!("descriptor" in opened)) return opened;
    if (this.#raw.length < chunkBytes) this.#raw = Buffer.allocUnsafeSlow(chunkBytes);
    const { descriptor } = opened;
    try {
      const before = fstatSync(descriptor);
      if (!before.isFile()) return { outcome: "vanished" };
      const file = seenAs(planned, before);
      const content = await this.#copy(descriptor, file.size, chunkBytes);
      const { mtime, ctime, inode } = file;
      const untouched = content.size === file.size && isUntouched(file, fstatSync(descriptor));
      return { outcome: "stored", ...content, changed: !untouched, mtime, ctime, inode };
    } catch (error) {
      return fateOf(error);
    } finally {
      closeSync(descriptor);
    }
  }

  async #copy(descriptor: number, size: number, chunkBytes: number) {
    const whole = createHash("sha256");
    const chunks: StoredChunk[] = [];
    let done = 0;
    while (done < size) {
      const length = Math.min(chunkBytes, size - done);
      const count = readFully(descriptor, this.#raw, 0, length, done);
      if (count === 0) break;
      const piece = this.#raw.subarray(0, count);
      whole.update(piece);
      chunks.push(await this.#storeChunk(piece));
      done += count;
    }
    if (done === 0) return { size: 0, sha256: emptySha256, place: { kind: "empty" as const } };
    return { size: done, sha256: whole.digest("hex"), place: { kind: "chunks" as const, chunks } };
  }

  async #storeChunk(piece: Buffer): Promise<StoredChunk> {
    const { chunk, finished } = await this.#maker.makeChunk(piece, this.#known);
    if (finished !== null) this.#finished(finished);
    return chunk;
  }
}
