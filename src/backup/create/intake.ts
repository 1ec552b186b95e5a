import { readlinkSync } from "node:fs";
import { reasonOf, systemCode } from "../../errors.ts";
import { type Base, flag, noObject } from "../base/base.ts";
import { BaseCursor } from "../base/base-cursor.ts";
import { type FileEntry, emptySha256 } from "../format/entry.ts";
import { pathFromBytes, systemPath } from "../format/path-text.ts";
import type { FileMember, Member, SourceContext } from "../sources/source.ts";
import type { FreshEntry, Item } from "./fresh-entry.ts";

/**
 * How coarsely, in milliseconds, a file system tells the times of changes: those that know parts of
 * a millisecond take them from the kernel's tick of at most 10 ms, and the coarsest of the others
 * count in pairs of seconds.
 */
const coarseness = (time: number): number => (Number.isInteger(time) ? 2000 : 50);

export interface IntakeOptions {
  base: Base | null;
  /** Which of the base's objects may be referred to. */
  usable: readonly boolean[];
  /** Milliseconds since 1970 at which reading began. */
  started: number;
  context: SourceContext;
  /** How many sources there are: patterns of two may name the same file. */
  sources: number;
  /** Called for each file whose content has to be read. */
  read(member: FileMember, fresh: FreshEntry): void;
}

/** Compares what the sources yield with the base, and collects the entries of the new snapshot. */
export class Intake {
  readonly items: Item[] = [];
  /** Files and folders whose extended attributes are to be read, by their place among the items. */
  readonly unread: { member: Member; index: number }[] = [];
  readonly #options: IntakeOptions;
  readonly #cursor: BaseCursor | null;
  readonly #seen = new Set<string>();
  /** Files with several names, by device and inode: the path that came first. */
  readonly #names = new Map<string, string>();
  readonly #reading = new Map<string, FreshEntry>();
  readonly #links: { member: FileMember; fresh: FreshEntry; first: string }[] = [];

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#cursor = options.base === null ? null : new BaseCursor(options.base);
  }

  add(member: Member): void {
    if (this.#isSeen(member.path)) return;
    const first = member.type === "file" ? this.#firstName(member) : null;
    const index = this.#cursor?.find(member.path) ?? -1;
    const unchanged = index >= 0 && this.#isUnchanged(member, index, first);
    const known = unchanged && this.#options.base?.attributes === true;
    if (!known && member.type !== "symlink") this.unread.push({ member, index: this.items.length });
    if (unchanged) this.items.push(index);
    else this.#addFresh(member, first);
  }

  /**
   * Has the content of hard links read whose other name could not be: each becomes a file of its
   * own. Tells whether there were any.
   */
  separateLinks(): boolean {
    const lost = new Set<string>();
    for (const [path, fresh] of this.#reading) if (fresh.entry === null) lost.add(path);
    const separate = this.#links.filter(({ first }) => lost.has(first));
    for (const { member, fresh } of separate) {
      fresh.entry = null;
      this.#options.read(member, fresh);
    }
    return separate.length > 0;
  }

  /** What several sources name is stored once. */
  #isSeen(path: string): boolean {
    if (this.#options.sources < 2) return false;
    if (this.#seen.has(path)) return true;
    this.#seen.add(path);
    return false;
  }

  /** The path under which the same file came before, by another hard link. */
  #firstName({ names, device, inode, path }: FileMember): string | null {
    if (names < 2) return null;
    const key = `${device}:${inode}`;
    const first = this.#names.get(key);
    if (first === undefined) this.#names.set(key, path);
    return first ?? null;
  }

  #isUnchanged(member: Member, index: number, first: string | null): boolean {
    const { base } = this.#options;
    if (base === null) return false;
    const { small, wide } = base;
    const flags = base.flags[index] ?? 0;
    const same =
      wide[4 * index + 2] === member.ctime &&
      wide[4 * index + 1] === member.mtime &&
      wide[4 * index + 3] === member.inode &&
      small[4 * index] === member.mode &&
      small[4 * index + 1] === member.uid &&
      small[4 * index + 2] === member.gid &&
      (flags & flag.doubtful) === 0;
    if (!same) return false;
    if (member.type === "directory") {
      return (flags & flag.directory) !== 0 && ((flags & flag.parent) !== 0) === member.parent;
    }
    if (member.type === "symlink") return (flags & flag.symlink) !== 0;
    if (first !== null) {
      // Of a file that is read anew nobody knows yet whether it can be.
      const known = !this.#reading.has(first);
      return known && (flags & flag.link) !== 0 && base.rarities.get(index)?.target === first;
    }
    const plain = (flags & (flag.directory | flag.symlink | flag.link)) === 0;
    return plain && wide[4 * index] === member.size && this.#isStored(base, index);
  }

  /** Whether the objects with the content of an entry are still good to refer to. */
  #isStored(base: Base, index: number): boolean {
    const { usable } = this.#options;
    const chunks = base.rarities.get(index)?.chunks;
    if (chunks !== undefined) return chunks.every((number) => usable[number] === true);
    const number = base.small[4 * index + 3] ?? noObject;
    return number === noObject || usable[number] === true;
  }

  #addFresh(member: Member, first: string | null): void {
    const { path, mode, uid, gid, mtime, ctime, inode } = member;
    const attributes = { path, mode, uid, gid, mtime };
    const doubtful = Math.max(mtime, ctime) > this.#options.started - coarseness(ctime);
    const fresh: FreshEntry = { entry: null, ctime, inode, doubtful };
    this.items.push(fresh);
    if (member.type === "directory") {
      fresh.entry = { type: "directory", parent: member.parent, ...attributes };
    } else if (member.type === "symlink") {
      const target = this.#readTarget(path, member.file);
      if (target !== null) fresh.entry = { type: "symlink", target, ...attributes };
    } else if (first !== null) {
      fresh.entry = { type: "link", target: first, ...attributes };
      if (member.type === "file") this.#links.push({ member, fresh, first });
    } else if (member.size === 0) {
      fresh.entry = emptyFile(member);
    } else {
      if (member.names > 1) this.#reading.set(path, fresh);
      this.#options.read(member, fresh);
    }
  }

  #readTarget(path: string, file: string): string | null {
    const { context } = this.#options;
    try {
      return pathFromBytes(readlinkSync(systemPath(file), { encoding: "buffer" }));
    } catch (error) {
      const gone = systemCode(error) === "ENOENT" || systemCode(error) === "EINVAL";
      if (gone) context.vanish(path);
      else context.skip(path, reasonOf(error));
      return null;
    }
  }
}

function emptyFile({ path, mode, uid, gid, mtime }: FileMember): FileEntry {
  const content = { size: 0, sha256: emptySha256, place: null };
  return { type: "file", path, mode, uid, gid, mtime, ...content };
}
