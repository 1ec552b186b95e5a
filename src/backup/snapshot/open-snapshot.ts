import { hash } from "node:crypto";
import { reasonOf } from "../../errors.ts";
import { damaged, isDamage } from "../failures.ts";
import type { Commit } from "../format/commit.ts";
import type { Entry } from "../format/entry.ts";
import { snapshotKey } from "../format/layout.ts";
import {
  type AmendedPage,
  type Manifest,
  type PageReference,
  decodeManifest,
} from "../format/manifest.ts";
import { type ObjectName, objectKey } from "../format/object.ts";
import { decodeObjectList } from "../format/object-list.ts";
import { decodePage } from "../format/page.ts";
import { decodeFrames } from "../format/zstd.ts";
import type { Store } from "../store/store.ts";
import { mapAhead } from "../parallel.ts";
import { loadCommit } from "../summary.ts";

/** Decrypts stored bytes with the identities that the operator gave. */
export interface Opener {
  /** @param into where the content goes; may be the memory of `stored`, which is lost then */
  open(stored: Buffer, into?: Buffer): Buffer;
}

export interface SnapshotOptions {
  store: Store;
  id: string;
  /** Needed for what an encrypted snapshot holds; its integrity can be proven without. */
  opener: Opener | null;
}

/** A snapshot of a repository, for reading. Every byte is checked against the name it goes by. */
export class Snapshot {
  readonly commit: Commit;
  /** Null where nothing has to be decrypted. */
  readonly opener: Opener | null;
  readonly #store: Store;
  readonly #opener: Opener | null;

  private constructor(commit: Commit, { store, opener }: SnapshotOptions) {
    this.commit = commit;
    this.#store = store;
    this.#opener = opener;
    this.opener = commit.encrypted ? opener : null;
  }

  /** The snapshot with this id; an unknown one is a usage error. */
  static async open(options: SnapshotOptions): Promise<Snapshot> {
    return new Snapshot(await loadCommit(options.store, options.id), options);
  }

  /** The same snapshot, read from another store. */
  through(store: Store): Snapshot {
    return new Snapshot(this.commit, { store, id: this.commit.id, opener: this.#opener });
  }

  /** Whether what is inside can be read with what was given. */
  get isReadable(): boolean {
    return !this.commit.encrypted || this.#opener !== null;
  }

  /** The stored bytes of the manifest, proven to be those that were written. */
  storedManifest(): Promise<Buffer> {
    const { id, encrypted, manifest } = this.commit;
    return this.#read(snapshotKey(id, "manifest.zst", encrypted), manifest);
  }

  async manifest(): Promise<Manifest> {
    const stored = await this.storedManifest();
    return decodeManifest(joined(decodeFrames(this.#decrypt(stored))).toString("utf8"));
  }

  /** The objects that the snapshot needs, sorted by name. */
  async objects(): Promise<ObjectName[]> {
    return decodeObjectList((await this.storedObjectList()).toString("utf8"));
  }

  /** The bytes of the list of objects, proven to be those that were written. */
  storedObjectList(): Promise<Buffer> {
    const { id, objects } = this.commit;
    return this.#read(snapshotKey(id, "objects"), objects.sha256);
  }

  /**
   * All entries, in the order in which they were found: folders before what they hold. Those that
   * are amended have the form that the amendments give them.
   * @param passed names of pages that are left out
   * @param onDamaged told of a list of entries that is damaged, which is then passed over; without,
   *   the first one is thrown
   */
  async *entries(
    passed: ReadonlySet<string> = new Set(),
    onDamaged?: (count: number, reason: string) => void,
  ): AsyncGenerator<Entry[]> {
    const { pages: all, amendments } = await this.manifest();
    const pages = all.filter(({ sha256 }) => !passed.has(sha256));
    const isAmended = pages.some(({ amended }) => amended > 0);
    const amended = isAmended ? this.#amended(amendments) : Promise.resolve(new Map());
    // Whoever reads a page that is amended is told.
    amended.catch(() => undefined);
    const read = async (page: AmendedPage): Promise<Entry[] | (() => void)> => {
      try {
        const entries = await this.#page(page);
        return page.amended === 0 ? entries : amend(entries, page, await amended);
      } catch (error) {
        if (onDamaged === undefined || !isDamage(error)) throw error;
        return () => onDamaged(page.entries, reasonOf(error));
      }
    };
    for await (const found of mapAhead(pages, this.#store.requestsAtOnce, read)) {
      if (typeof found === "function") found();
      else yield found;
    }
  }

  async #page({ sha256, entries: count }: PageReference): Promise<Entry[]> {
    const text = (await this.content({ kind: "page", sha256 })).toString("utf8");
    const { entries } = decodePage(text);
    if (entries.length !== count) throw damaged("A list of files has lost some of its lines.");
    return entries;
  }

  async #amended(amendments: readonly PageReference[]): Promise<Map<string, Entry>> {
    const entries = new Map<string, Entry>();
    const read = (page: PageReference): Promise<Entry[]> => this.#page(page);
    for await (const page of mapAhead(amendments, this.#store.requestsAtOnce, read)) {
      for (const entry of page) entries.set(entry.path, entry);
    }
    return entries;
  }

  /** The stored bytes of an object, proven to be those that its name says. */
  stored(object: ObjectName): Promise<Buffer> {
    return this.#read(objectKey(object, this.commit.encrypted), object.sha256);
  }

  /** The content of an object: decrypted and decompressed. */
  async content(object: ObjectName): Promise<Buffer> {
    return joined(decodeFrames(this.#decrypt(await this.stored(object))));
  }

  #decrypt(stored: Buffer): Buffer {
    if (!this.commit.encrypted) return stored;
    if (this.#opener === null) throw new Error("An encrypted object was to be read without a key.");
    return this.#opener.open(stored);
  }

  async #read(key: string, sha256: string): Promise<Buffer> {
    const bytes = await this.#store.get(key);
    if (bytes === null) throw damaged(`${key} is missing.`);
    if (hash("sha256", bytes) !== sha256)
      throw damaged(`${key} holds other bytes than were written.`);
    return bytes;
  }
}

/** The entries of a page in the form that they have now. */
function amend(
  entries: Entry[],
  { amended }: AmendedPage,
  amendments: ReadonlyMap<string, Entry>,
): Entry[] {
  let found = 0;
  const now = entries.map((entry) => {
    const other = amendments.get(entry.path);
    if (other !== undefined) found += 1;
    return other ?? entry;
  });
  if (found === amended) return now;
  throw damaged("A list of files and what was amended of it do not belong together.");
}

function joined(frames: Iterable<Buffer>): Buffer {
  const all = [...frames];
  return all.length === 1 && all[0] !== undefined ? all[0] : Buffer.concat(all);
}
