import { hash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "../../errors.ts";
import { escapePath, unescapePath } from "../format/path-text.ts";
import { isRecord } from "../format/record.ts";
import type { Base, KnownObject, KnownPage, Rarity } from "./base.ts";

const version = 2;
const hashBytes = 32;

interface Heading {
  version: number;
  /** What the base may be used for; see `baseKey`. */
  key: string;
  snapshot: string;
  commit: string;
  attributes: boolean;
  objects: KnownObject[];
  pages: KnownPage[];
  rarities: [number, Rarity][];
  /** Bytes of the columns that follow, each at a multiple of 8. */
  lengths: { paths: number; flags: number; small: number; wide: number; hashes: number };
}

/**
 * Writes a base beside its place and renames it: a SHA-256, the length of the heading, the heading
 * as JSON, and the columns in the byte order of this machine, for it is read on no other.
 */
export function writeBase(file: string, key: string, base: Base): void {
  const paths = Buffer.from(base.paths.map(escapePath).join("\n"));
  const columns = [
    paths,
    bytesOf(base.flags),
    bytesOf(base.small),
    bytesOf(base.wide),
    base.hashes,
  ];
  const [flags = 0, small = 0, wide = 0] = columns.slice(1).map((column) => column.length);
  const heading: Heading = {
    version,
    key,
    snapshot: base.snapshot,
    commit: base.commit,
    attributes: base.attributes,
    objects: base.objects,
    pages: base.pages,
    rarities: [...base.rarities],
    lengths: { paths: paths.length, flags, small, wide, hashes: base.hashes.length },
  };
  const text = Buffer.from(JSON.stringify(heading));
  const length = Buffer.alloc(8);
  length.writeUInt32LE(text.length);
  const body = Buffer.concat([
    length,
    ...[text, ...columns].flatMap((part) => [part, padding(part)]),
  ]);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.tmp`;
  try {
    const checksum = hash("sha256", body, "buffer");
    writeFileSync(beside, Buffer.concat([checksum, body]), { mode: 0o600 });
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/**
 * Reads a base that was written with the same key. Null where there is none, or one that cannot be
 * used: all it costs is that everything is read again.
 */
export function readBase(file: string, key: string): Base | null {
  const bytes = readIfThere(file);
  if (bytes === null || bytes.length < hashBytes + 8) return null;
  const body = bytes.subarray(hashBytes);
  if (!hash("sha256", body, "buffer").equals(bytes.subarray(0, hashBytes))) return null;
  const length = body.readUInt32LE(0);
  const heading: unknown = JSON.parse(body.toString("utf8", 8, 8 + length));
  if (!isHeading(heading) || heading.key !== key) return null;
  const { snapshot, commit, attributes, objects, pages, lengths } = heading;
  let at = 8 + aligned(length);
  const next = (size: number): Buffer => {
    const column = body.subarray(at, at + size);
    at += aligned(size);
    return column;
  };
  const text = next(lengths.paths).toString("utf8");
  const paths = text === "" ? [] : text.split("\n");
  return {
    snapshot,
    commit,
    attributes,
    objects,
    pages,
    paths: text.includes("\\") ? paths.map((path) => unescapePath(path) ?? "") : paths,
    flags: next(lengths.flags),
    small: new Uint32Array(copyOf(next(lengths.small))),
    wide: new Float64Array(copyOf(next(lengths.wide))),
    hashes: next(lengths.hashes),
    rarities: new Map(heading.rarities),
  };
}

function readIfThere(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}

/** The checksum vouches for the rest: nobody else writes the file. */
function isHeading(value: unknown): value is Heading {
  return isRecord(value) && value["version"] === version && typeof value["key"] === "string";
}

function bytesOf(column: Uint8Array | Uint32Array | Float64Array): Buffer {
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength);
}

/** Memory of its own, aligned for numbers of any width. */
function copyOf(column: Buffer): ArrayBuffer {
  const copy = new ArrayBuffer(column.length);
  new Uint8Array(copy).set(column);
  return copy;
}

function padding(column: Buffer): Buffer {
  return Buffer.alloc(aligned(column.length) - column.length);
}

function aligned(length: number): number {
  return Math.ceil(length / 8) * 8;
}
