import { hash } from "node:crypto";
import { closeSync, fstatSync } from "node:fs";
import { emptySha256 } from "../format/entry.ts";
import { endBytes, headerBound, paddingOf, writeHeader } from "../format/tar-member.ts";
import type { HashSet } from "./hash-set.ts";
import { type ObjectMaker, largestRaw } from "./object-maker.ts";
import type { FileToStore, FinishedObject, StoredFile } from "./protocol.ts";
import { fateOf, isUntouched, openToStore, readFully, seenAs } from "./read-file.ts";

/** How often a file that changes under the reader is read again. */
const attempts = 3;
/** How many contents a thread remembers, to store equal files once. */
const remembered = 50_000;

interface Placed {
  object: string;
  member: string;
}

/** Stores batches of small files, each as one tar archive. */
export class SegmentPacker {
  readonly #maker: ObjectMaker;
  readonly #known: HashSet;
  readonly #finished: (object: FinishedObject) => void;
  readonly #raw = Buffer.allocUnsafeSlow(largestRaw);
  #filled = 0;
  /** Contents of this archive by their hash: the member. */
  #inside = new Map<string, string>();
  readonly #stored = new Map<string, Placed>();

  constructor(maker: ObjectMaker, known: HashSet, finished: (object: FinishedObject) => void) {
    this.#maker = maker;
    this.#known = known;
    this.#finished = finished;
  }

  async store(files: readonly FileToStore[]): Promise<StoredFile[]> {
    this.#filled = 0;
    this.#inside = new Map();
    const results = files.map((file) => this.#add(file));
    if (this.#inside.size === 0) return results;
    this.#raw.fill(0, this.#filled, this.#filled + endBytes);
    const raw = this.#raw.subarray(0, this.#filled + endBytes);
    const object = await this.#maker.make("segment", raw);
    this.#remember(object.sha256);
    this.#finished(object);
    for (const result of results) {
      if (result.outcome !== "stored" || result.place.kind !== "member") continue;
      if (result.place.object === "") result.place.object = object.sha256;
    }
    return results;
  }

  #remember(object: string): void {
    for (const [sha256, member] of this.#inside) {
      if (this.#stored.size >= remembered) return;
      this.#stored.set(sha256, { object, member });
    }
  }

  #add(file: FileToStore): StoredFile {
    const opened = openToStore(file.file);
    if (!("descriptor" in opened)) return opened;
    try {
      return this.#read(file, opened.descriptor);
    } catch (error) {
      return fateOf(error);
    } finally {
      closeSync(opened.descriptor);
    }
  }

  /** Reads a file straight to where its member would be, as often as it changes meanwhile. */
  #read(planned: FileToStore, descriptor: number): StoredFile {
    let file = planned;
    const start = this.#filled + headerBound(file.path);
    for (let attempt = 1; ; attempt += 1) {
      const room = this.#raw.length - start - paddingOf(file.size) - endBytes;
      if (file.size > room) return { outcome: "grown", file };
      const size = readFully(descriptor, this.#raw, start, file.size, 0);
      const stats = fstatSync(descriptor);
      if (!stats.isFile()) return { outcome: "vanished" };
      const settled = size === file.size && isUntouched(file, stats);
      if (settled || attempt === attempts) {
        return this.#place({ ...seenAs(file, stats), size }, start, !settled);
      }
      file = seenAs(file, stats);
    }
  }

  #place(file: FileToStore, start: number, changed: boolean): StoredFile {
    const { size, mtime, ctime, inode } = file;
    const result = { outcome: "stored" as const, size, changed, mtime, ctime, inode };
    if (size === 0) return { ...result, sha256: emptySha256, place: { kind: "empty" } };
    const digest = hash("sha256", this.#raw.subarray(start, start + size), "buffer");
    const sha256 = digest.toString("hex");
    if (this.#known.has(digest)) return { ...result, sha256, place: { kind: "known" } };
    const earlier = this.#stored.get(sha256);
    if (earlier !== undefined) return { ...result, sha256, place: { kind: "member", ...earlier } };
    const member = this.#inside.get(sha256) ?? this.#append(file, start, sha256);
    return { ...result, sha256, place: { kind: "member", object: "", member } };
  }

  /** Keeps the content that was read, as the next member of the archive. */
  #append(file: FileToStore, start: number, sha256: string): string {
    const content = writeHeader(file, this.#raw, this.#filled);
    if (content < start) this.#raw.copyWithin(content, start, start + file.size);
    const end = content + file.size;
    this.#filled = end + paddingOf(file.size);
    this.#raw.fill(0, end, this.#filled);
    this.#inside.set(sha256, file.path);
    return file.path;
  }
}
