import type { Entry } from "../format/entry.ts";
import type { Item } from "../create/fresh-entry.ts";
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
  pages: readonly { sha256: string; first: number; count: number; objects: readonly string[] }[];
}

/** The base that the next snapshot of the set is compared with. */
export function nextBase(options: NextBaseOptions): Base {
  const { items, base, objects, pages } = options;
  const numbers = new Map(objects.map(({ sha256 }, number) => [sha256, number]));
  const numberOf = (sha256: string): number => numbers.get(sha256) ?? noObject;
  const numbered = pages.map(
    (page): KnownPage => ({ ...page, objects: page.objects.map(numberOf) }),
  );
  if (base !== null && isSame(options, base)) {
    const { snapshot, commit, attributes } = options;
    return { ...base, snapshot, commit, attributes, objects: [...objects], pages: numbered };
  }
  const next = emptyBase(options);
  const renumbered = Uint32Array.from(base?.objects ?? [], ({ sha256 }) => numberOf(sha256));
  for (const [index, item] of items.entries()) {
    if (typeof item === "number" && base !== null) copyEntry(base, item, next, index, renumbered);
    else if (typeof item !== "number" && item.entry !== null) {
      setEntry(next, index, item.entry, numberOf);
      next.wide[4 * index + 2] = item.ctime;
      next.wide[4 * index + 3] = item.inode;
      if (item.doubtful) next.flags[index] = (next.flags[index] ?? 0) | flag.doubtful;
    }
  }
  next.pages = numbered;
  return next;
}

/** Whether all entries are those of the base, and refer to objects by the same numbers. */
function isSame({ items, objects }: NextBaseOptions, base: Base): boolean {
  return (
    items.length === base.paths.length &&
    objects.length === base.objects.length &&
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
  };
}

/** @param renumbered by the number of an object in `from`: what it is in `to` */
function copyEntry(
  from: Base,
  source: number,
  to: Base,
  index: number,
  renumbered: Uint32Array,
): void {
  to.paths[index] = from.paths[source] ?? "";
  to.flags[index] = from.flags[source] ?? 0;
  for (let column = 0; column < 4; column += 1) {
    to.small[4 * index + column] = from.small[4 * source + column] ?? 0;
    to.wide[4 * index + column] = from.wide[4 * source + column] ?? 0;
  }
  from.hashes.copy(to.hashes, 32 * index, 32 * source, 32 * source + 32);
  const renumber = (number: number): number => renumbered[number] ?? noObject;
  const object = from.small[4 * source + 3] ?? noObject;
  to.small[4 * index + 3] = object === noObject ? noObject : renumber(object);
  const rarity = from.rarities.get(source);
  if (rarity === undefined) return;
  const chunks = rarity.chunks?.map(renumber);
  to.rarities.set(index, chunks === undefined ? rarity : { ...rarity, chunks });
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
