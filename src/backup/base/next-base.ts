import type { Entry } from "../format/entry.ts";
import type { FreshEntry, Item } from "../create/fresh-entry.ts";
import {
  type Base,
  type KnownObject,
  type KnownPage,
  type Rarity,
  flag,
  noObject,
} from "./base.ts";

export interface NextBaseOptions {
  snapshot: string;
  commit: string;
  /** Whether extended attributes could be read. */
  attributes: boolean;
  items: readonly Item[];
  base: Base | null;
  /** Every object that the snapshot refers to, in no order. */
  objects: readonly KnownObject[];
  pages: readonly ListedPage[];
  amendments: readonly ListedPage[];
  /** The items that are in the amendments. */
  amended: readonly number[];
}

interface ListedPage {
  sha256: string;
  first: number;
  count: number;
  objects: readonly string[];
}

/** The base that the next snapshot of the set is compared with. */
export function nextBase(options: NextBaseOptions): Base {
  const { items, base, objects, amended } = options;
  const numbers = new Map(objects.map(({ sha256 }, number) => [sha256, number]));
  const numberOf = (sha256: string): number => numbers.get(sha256) ?? noObject;
  const numbered = ({ sha256, first, count, objects: names }: ListedPage): KnownPage => {
    return { sha256, first, count, objects: names.map(numberOf) };
  };
  const pages = options.pages.map(numbered);
  const amendments = options.amendments.map(numbered);
  if (base !== null && isSame(options, base)) {
    const { snapshot, commit, attributes } = options;
    return { ...base, snapshot, commit, attributes, objects: [...objects], pages, amendments };
  }
  const next = emptyBase(options);
  const renumbered = Uint32Array.from(base?.objects ?? [], ({ sha256 }) => numberOf(sha256));
  for (let index = 0; index < items.length; ) {
    const item = items[index];
    if (typeof item === "number" && base !== null) {
      const count = runLength(items, index);
      copyEntries({ base, first: item, count }, next, index, renumbered);
      index += count;
    } else {
      if (typeof item === "object") setFresh(next, index, item, numberOf);
      index += 1;
    }
  }
  markAmended(next.flags, amended);
  return { ...next, pages, amendments };
}

function markAmended(flags: Uint8Array, amended: readonly number[]): void {
  for (let index = 0; index < flags.length; index += 1) {
    flags[index] = (flags[index] ?? 0) & ~flag.amended;
  }
  for (const index of amended) flags[index] = (flags[index] ?? 0) | flag.amended;
}

/** Whether all entries and pages are those of the base, and refer to objects by the same numbers. */
function isSame({ items, objects, pages }: NextBaseOptions, base: Base): boolean {
  return (
    items.length === base.paths.length &&
    objects.length === base.objects.length &&
    pages.length === base.pages.length &&
    pages.every(({ sha256 }, number) => sha256 === base.pages[number]?.sha256) &&
    items.every((item, index) => item === index) &&
    objects.every(({ sha256 }, number) => sha256 === base.objects[number]?.sha256)
  );
}

function emptyBase({ snapshot, commit, attributes, items, objects }: NextBaseOptions): Base {
  const count = items.length;
  return {
    snapshot,
    commit,
    attributes,
    paths: Array.from<string>({ length: count }).fill(""),
    flags: new Uint8Array(count),
    small: new Uint32Array(4 * count),
    wide: new Float64Array(4 * count),
    hashes: Buffer.alloc(32 * count),
    rarities: new Map(),
    objects: [...objects],
    pages: [],
    amendments: [],
  };
}

/** How many items from `index` on are consecutive entries of the base. */
function runLength(items: readonly Item[], index: number): number {
  const first = items[index] as number;
  let count = 1;
  while (items[index + count] === first + count) count += 1;
  return count;
}

interface Run {
  base: Base;
  first: number;
  count: number;
}

/** @param renumbered by the number of an object in the run's base: what it is in `to` */
function copyEntries(
  { base: from, first, count }: Run,
  to: Base,
  index: number,
  renumbered: Uint32Array,
): void {
  const end = first + count;
  to.flags.set(from.flags.subarray(first, end), index);
  to.small.set(from.small.subarray(4 * first, 4 * end), 4 * index);
  to.wide.set(from.wide.subarray(4 * first, 4 * end), 4 * index);
  to.hashes.set(from.hashes.subarray(32 * first, 32 * end), 32 * index);
  const renumber = (number: number): number => renumbered[number] ?? noObject;
  for (let offset = 0; offset < count; offset += 1) {
    to.paths[index + offset] = from.paths[first + offset] ?? "";
    const at = 4 * (index + offset) + 3;
    const object = to.small[at] ?? noObject;
    if (object !== noObject) to.small[at] = renumber(object);
  }
  if (from.rarities.size === 0) return;
  for (let offset = 0; offset < count; offset += 1) {
    const rarity = from.rarities.get(first + offset);
    if (rarity === undefined) continue;
    const chunks = rarity.chunks?.map(renumber);
    to.rarities.set(index + offset, chunks === undefined ? rarity : { ...rarity, chunks });
  }
}

function setFresh(
  base: Base,
  index: number,
  { entry, ctime, inode, doubtful }: FreshEntry,
  numberOf: (sha256: string) => number,
): void {
  if (entry === null) return;
  setEntry(base, index, entry, numberOf);
  base.wide[4 * index + 2] = ctime;
  base.wide[4 * index + 3] = inode;
  if (doubtful) base.flags[index] = (base.flags[index] ?? 0) | flag.doubtful;
}

function setEntry(
  base: Base,
  index: number,
  entry: Entry,
  numberOf: (sha256: string) => number,
): void {
  const { path, mode, uid, gid, mtime } = entry;
  base.paths[index] = path;
  base.small.set([mode, uid, gid, noObject], 4 * index);
  base.wide[4 * index + 1] = mtime;
  const rarity: Rarity = entry.xattrs === undefined ? {} : { xattrs: entry.xattrs };
  let flags = 0;
  if (entry.type === "directory") {
    flags = flag.directory | (entry.parent ? flag.parent : 0);
  } else if (entry.type !== "file") {
    flags = entry.type === "symlink" ? flag.symlink : flag.link;
    rarity.target = entry.target;
  } else {
    base.wide[4 * index] = entry.size;
    base.hashes.write(entry.sha256, 32 * index, "hex");
    if (entry.sparse === true) flags |= flag.sparse;
    if (entry.place?.kind === "chunks") rarity.chunks = entry.place.objects.map(numberOf);
    if (entry.place?.kind === "member") {
      base.small[4 * index + 3] = numberOf(entry.place.object);
      if (entry.place.stale) flags |= flag.stale;
      if (entry.place.member !== path) rarity.member = entry.place.member;
    }
  }
  base.flags[index] = flags;
  if (Object.keys(rarity).length > 0) base.rarities.set(index, rarity);
}
