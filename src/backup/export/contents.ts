import { createHash, hash } from "node:crypto";
import { damaged } from "../failures.ts";
import type { FileEntry, MemberPlace } from "../format/entry.ts";
import { escapePath } from "../format/path-text.ts";
import { readMembers } from "../format/tar-member.ts";
import type { Snapshot } from "../snapshot/open-snapshot.ts";

/** Decompressed archives of small files that are held, of about 4 MB each. */
const held = 16;

/** Reads the contents of files of a snapshot, each proven by its SHA-256. */
export class Contents {
  readonly #snapshot: Snapshot;
  readonly #segments = new Map<string, Map<string, Buffer>>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  /** The whole content of a small file, or null for a large one. */
  async small(entry: FileEntry): Promise<Buffer | null> {
    const { place, size, sha256 } = entry;
    if (place === null) return Buffer.alloc(0);
    if (place.kind === "chunks") return null;
    const content = (await this.#segment(place)).get(place.member);
    if (content === undefined) throw this.#damaged(entry, "its archive does not hold it");
    if (content.length === size && hash("sha256", content) === sha256) return content;
    throw this.#damaged(entry, "it is not what was backed up");
  }

  /** The content of a large file, piece by piece: what came before a failure is of no use. */
  async *large(entry: FileEntry): AsyncGenerator<Buffer> {
    const names = entry.place?.kind === "chunks" ? entry.place.objects : [];
    const sum = createHash("sha256");
    let size = 0;
    for (const sha256 of names) {
      const piece = await this.#snapshot.content({ kind: "chunk", sha256 });
      sum.update(piece);
      size += piece.length;
      if (size > entry.size) break;
      // The end of the file is held back until all of it is proven.
      if (size < entry.size) yield piece;
      else if (sum.digest("hex") === entry.sha256) return yield piece;
      else break;
    }
    throw this.#damaged(entry, "it is not what was backed up");
  }

  async #segment({ object }: MemberPlace): Promise<Map<string, Buffer>> {
    const known = this.#segments.get(object);
    const members = known ?? (await this.#readSegment(object));
    // What was used last goes last.
    this.#segments.delete(object);
    this.#segments.set(object, members);
    const [oldest] = this.#segments.keys();
    if (this.#segments.size > held && oldest !== undefined) this.#segments.delete(oldest);
    return members;
  }

  async #readSegment(sha256: string): Promise<Map<string, Buffer>> {
    const archive = await this.#snapshot.content({ kind: "segment", sha256 });
    return new Map(Array.from(readMembers(archive), ({ path, content }) => [path, content]));
  }

  #damaged({ path }: FileEntry, reason: string): Error {
    return damaged(`${escapePath(path)} in snapshot ${this.#snapshot.commit.id}: ${reason}.`);
  }
}
