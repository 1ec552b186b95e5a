import type { KnownContent } from "../base/known-content.ts";
import type { FileEntry } from "../format/entry.ts";
import { endBytes, headerBound, paddingOf } from "../format/tar-member.ts";
import { largestRaw } from "../pack/object-maker.ts";
import type { PackPool } from "../pack/pool.ts";
import type { FileToStore, StoredFile, StoredPlace } from "../pack/protocol.ts";
import type { FileMember, SourceContext } from "../sources/source.ts";
import type { FreshEntry } from "./fresh-entry.ts";
import type { ObjectSink } from "./object-sink.ts";

/** Files larger than this are stored as chunks of their own. */
const largestSmall = 1024 * 1024;
/** Bytes of a chunk. */
const chunkBytes = 4 * 1024 * 1024;
/** A batch is handed on once it is this full, so that the first one need not wait for the last. */
const batchBytes = largestRaw - endBytes;

interface Planned {
  member: FileMember;
  fresh: FreshEntry;
}

export interface ContentPlanOptions {
  /** Made when it is first needed. */
  pool: () => PackPool;
  known: KnownContent;
  sink: ObjectSink;
  context: SourceContext;
  /** Reports a file that changed while it was read. */
  changed: (path: string) => void;
  /** Reports a file that is stored. */
  stored: (bytes: number) => void;
}

/** Gathers small files to batches, hands files to the threads, and fills in where they went. */
export class ContentPlan {
  readonly #options: ContentPlanOptions;
  readonly #running: Promise<void>[] = [];
  #batch: Planned[] = [];
  #bytes = 0;

  constructor(options: ContentPlanOptions) {
    this.#options = options;
  }

  add(member: FileMember, fresh: FreshEntry): void {
    if (member.size > largestSmall) return this.#start(this.#storeLarge({ member, fresh }));
    const bytes = headerBound(member.path) + member.size + paddingOf(member.size);
    if (this.#bytes + bytes > batchBytes) this.#flush();
    this.#batch.push({ member, fresh });
    this.#bytes += bytes;
  }

  /** Waits until all content is in the repository. */
  async finish(): Promise<void> {
    this.#flush();
    if (this.#running.length === 0) return;
    const pool = this.#options.pool();
    pool.begin();
    // What outgrew its batch is added while the others are waited for.
    for (let done = 0; done < this.#running.length; done += 1) await this.#running[done];
    await pool.settle();
  }

  #start(work: Promise<void>): void {
    // A failure is thrown by `finish`; until then it must not count as unhandled.
    work.catch(() => undefined);
    this.#running.push(work);
  }

  #flush(): void {
    if (this.#batch.length > 0) this.#start(this.#storeBatch(this.#batch, this.#bytes));
    this.#batch = [];
    this.#bytes = 0;
  }

  async #storeBatch(batch: Planned[], bytes: number): Promise<void> {
    const files = batch.map(({ member }) => toStore(member));
    const result = await this.#options.pool().run({ type: "segment", files }, bytes);
    if (result.type !== "segment") return;
    for (const [index, stored] of result.files.entries()) {
      const planned = batch[index];
      if (planned !== undefined) this.#take(planned, stored);
    }
  }

  async #storeLarge(planned: Planned): Promise<void> {
    const file = toStore(planned.member);
    const result = await this.#options.pool().run({ type: "large", file, chunkBytes }, file.size);
    if (result.type === "large") this.#take(planned, result.file);
  }

  #take(planned: Planned, stored: StoredFile): void {
    const { context, changed } = this.#options;
    const { member, fresh } = planned;
    switch (stored.outcome) {
      case "vanished":
        return context.vanish(member.path);
      case "unreadable":
        return context.skip(member.path, stored.reason);
      case "grown":
        this.#start(this.#storeLarge({ member: { ...member, ...stored.file }, fresh }));
        return this.#options.pool().begin();
      case "stored":
        if (stored.changed) changed(member.path);
        this.#fill(planned, stored);
    }
  }

  #fill({ member, fresh }: Planned, stored: Extract<StoredFile, { outcome: "stored" }>): void {
    const { path, mode, uid, gid, sparse } = member;
    const { size, sha256, mtime, ctime, inode, changed } = stored;
    const place = this.#placeOf(stored.place, path, sha256);
    fresh.entry = { type: "file", path, mode, uid, gid, mtime, size, sha256, place };
    if (sparse) fresh.entry.sparse = true;
    fresh.ctime = ctime;
    fresh.inode = inode;
    fresh.doubtful ||= changed || ctime !== member.ctime;
    this.#options.stored(size);
  }

  #placeOf(place: StoredPlace, path: string, sha256: string): FileEntry["place"] {
    const { known, sink } = this.#options;
    switch (place.kind) {
      case "empty":
        return null;
      case "member":
        return { ...place, stale: place.member !== path };
      case "known":
        return known.placeOf(sha256) ?? missing(sha256);
      case "chunks": {
        const objects = place.chunks.map(
          ({ key }) => sink.chunk(key) ?? known.objectOf(key) ?? missing(key),
        );
        return { kind: "chunks", objects };
      }
    }
  }
}

function toStore(member: FileMember): FileToStore {
  const { path, file, size, mode, uid, gid, mtime, ctime, inode } = member;
  return { path, file, size, mode, uid, gid, mtime, ctime, inode };
}

function missing(sha256: string): never {
  throw new Error(`Content ${sha256} was found, and is nowhere.`);
}
