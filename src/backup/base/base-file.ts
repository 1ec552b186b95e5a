import { hash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "../../errors.ts";
import { replaceFile } from "../../replace-file.ts";
import { isRecord } from "../format/record.ts";
import { packColumns, unpackColumns } from "./base-columns.ts";
import type { Base, KnownObject, KnownPage, Rarity } from "./base.ts";

const version = 5;
const hashBytes = 32;

interface Heading {
  version: number;
  /** What the base may be used for; see `Bases`. */
  key: string;
  snapshot: string;
  commit: string;
  attributes: boolean;
  objects: KnownObject[];
  pages: KnownPage[];
  amendments: KnownPage[];
  rarities: [number, Rarity][];
  /** The file beside: its SHA-256, and the bytes of each column. */
  columns: { sha256: string; lengths: number[] };
}

/** A base as it lies in its files. */
export interface StoredBase {
  base: Base;
  columns: Heading["columns"];
}

/**
 * Writes a base as two files: a heading, which is JSON behind its SHA-256, and the columns of the
 * entries. Those are written only where they are not the ones of `former`.
 * @param former what `readBase` returned for the same file
 */
export function writeBase(file: string, key: string, base: Base, former: StoredBase | null): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const { snapshot, commit, attributes, objects, pages, amendments, rarities } = base;
  const same = former !== null && base.paths === former.base.paths;
  const heading: Heading = {
    version,
    key,
    snapshot,
    commit,
    attributes,
    objects,
    pages,
    amendments,
    rarities: [...rarities],
    columns: same ? former.columns : writeColumns(file, base),
  };
  const text = Buffer.from(JSON.stringify(heading));
  replaceFile(file, Buffer.concat([hash("sha256", text, "buffer"), text]), { flush: false });
}

function writeColumns(file: string, base: Base): Heading["columns"] {
  const { bytes, lengths } = packColumns(base);
  replaceFile(columnsFile(file), bytes, { flush: false });
  return { sha256: hash("sha256", bytes), lengths };
}

/**
 * Reads a base that was written with the same key. Null where there is none, or one that cannot be
 * used: all it costs is that everything is read again.
 */
export function readBase(file: string, key: string): StoredBase | null {
  const heading = readHeading(file);
  if (heading === null || heading.key !== key) return null;
  const { columns, rarities, snapshot, commit, attributes, objects, pages, amendments } = heading;
  const bytes = readIfThere(columnsFile(file));
  if (bytes === null || hash("sha256", bytes) !== columns.sha256) return null;
  const entries = unpackColumns(bytes, columns.lengths);
  const known = { snapshot, commit, attributes, objects, pages, amendments };
  return { base: { ...known, rarities: new Map(rarities), ...entries }, columns };
}

function readHeading(file: string): Heading | null {
  const bytes = readIfThere(file);
  if (bytes === null || bytes.length < hashBytes) return null;
  const text = bytes.subarray(hashBytes);
  if (!hash("sha256", text, "buffer").equals(bytes.subarray(0, hashBytes))) return null;
  // The checksum vouches for the rest: nobody else writes the file.
  const heading = parsed(text.toString("utf8"));
  return isRecord(heading) && heading["version"] === version
    ? (heading as unknown as Heading)
    : null;
}

/** Null for what another version may have written in another form. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const columnsFile = (file: string): string => `${file}.columns`;

function readIfThere(file: string): Buffer<ArrayBuffer> | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}
