import type { Entry, FileEntry } from "../format/entry.ts";
import type { ObjectKind } from "../format/object.ts";

/** An object that the base knows. */
export interface KnownObject {
  /** SHA-256 of the stored bytes, hexadecimal. */
  sha256: string;
  kind: ObjectKind;
  /** Bytes of content before compression. */
  rawBytes: number;
  storedBytes: number;
  /** What a chunk is known by, see `StoredChunk`; null for any other kind. */
  key: string | null;
}

/** A page of the base: the entries from `first` on. */
export interface KnownPage {
  sha256: string;
  first: number;
  count: number;
  /** Which of the base's objects it refers to. */
  objects: number[];
}

/** Whatever few entries have. */
export interface Rarity {
  /** Of a symbolic or hard link. */
  target?: string;
  /** The tar member, where its name is not the path. */
  member?: string;
  /** Numbers of the objects of a large file. */
  chunks?: number[];
  xattrs?: Record<string, string>;
}

/** Bits of `flags`. */
export const flag = {
  directory: 1,
  symlink: 2,
  link: 4,
  /** The folder only leads to what was asked for. */
  parent: 8,
  sparse: 16,
  stale: 32,
  /** The file may have changed after it was read without its times telling. */
  doubtful: 64,
  /** Its page tells an earlier form of it; this one is in the amendments. */
  amended: 128,
} as const;

/** Place of an entry without one. */
export const noObject = 0xffff_ffff;

/**
 * The entries of the last snapshot of a set, in columns: what is unchanged is found by comparing
 * numbers, and is carried over without being looked at again. 200,000 entries take a few
 * milliseconds to load, which as objects they would not.
 */
export interface Base {
  /** The snapshot, and the checksum of its COMMIT: both have to be in the repository still. */
  snapshot: string;
  commit: string;
  /** Whether extended attributes could be read, of all entries. */
  attributes: boolean;
  paths: string[];
  flags: Uint8Array;
  /** Four to an entry: mode, uid, gid, and the number of the object that holds its content. */
  small: Uint32Array;
  /** Four to an entry: size, mtime, ctime, inode. */
  wide: Float64Array;
  /** SHA-256 of the content, 32 bytes to an entry; zeros for what is no file. */
  hashes: Buffer;
  rarities: Map<number, Rarity>;
  objects: KnownObject[];
  pages: KnownPage[];
  /** Pages of the amended entries, in the order of the entries; `first` counts those. */
  amendments: KnownPage[];
}

export function entryOf(base: Base, index: number): Entry {
  const flags = base.flags[index] ?? 0;
  const rarity = base.rarities.get(index);
  const entry = plainEntry(base, index, flags, rarity);
  if (rarity?.xattrs !== undefined) entry.xattrs = rarity.xattrs;
  return entry;
}

/** Without spreading objects into one another, which takes longer than all the rest. */
function plainEntry(base: Base, index: number, flags: number, rarity: Rarity | undefined): Entry {
  const path = base.paths[index] ?? "";
  const mode = base.small[4 * index] ?? 0;
  const uid = base.small[4 * index + 1] ?? 0;
  const gid = base.small[4 * index + 2] ?? 0;
  const mtime = base.wide[4 * index + 1] ?? 0;
  if ((flags & flag.directory) !== 0) {
    return { type: "directory", parent: (flags & flag.parent) !== 0, path, mode, uid, gid, mtime };
  }
  if ((flags & (flag.symlink | flag.link)) !== 0) {
    const type = (flags & flag.symlink) !== 0 ? "symlink" : "link";
    return { type, target: rarity?.target ?? "", path, mode, uid, gid, mtime };
  }
  const size = base.wide[4 * index] ?? 0;
  const sha256 = base.hashes.toString("hex", 32 * index, 32 * index + 32);
  const place = placeOf(base, index);
  const file: FileEntry = { type: "file", path, mode, uid, gid, mtime, size, sha256, place };
  if ((flags & flag.sparse) !== 0) file.sparse = true;
  return file;
}

/** Where the content of a file of the base is. */
export function placeOf(base: Base, index: number): FileEntry["place"] {
  const rarity = base.rarities.get(index);
  if (rarity?.chunks !== undefined) {
    const objects = rarity.chunks.map((number) => base.objects[number]?.sha256 ?? "");
    return { kind: "chunks", objects };
  }
  const number = base.small[4 * index + 3] ?? noObject;
  if (number === noObject) return null;
  const object = base.objects[number]?.sha256 ?? "";
  const member = rarity?.member ?? base.paths[index] ?? "";
  return { kind: "member", object, member, stale: ((base.flags[index] ?? 0) & flag.stale) !== 0 };
}
