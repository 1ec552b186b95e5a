import { escapePath, unescapePath } from "../format/path-text.ts";
import type { Base } from "./base.ts";

/** What a base has of each entry. */
export type BaseColumns = Pick<Base, "paths" | "flags" | "small" | "wide" | "hashes">;

/** Columns begin at multiples of it, so that numbers of any width can be read where they lie. */
const alignment = 8;

const separator = "\n";

/** Columns one after the other, in the byte order of this machine, and the bytes of each. */
export function packColumns(base: BaseColumns): { bytes: Buffer; lengths: number[] } {
  const columns = [
    Buffer.from(base.paths.map(escapePath).join(separator)),
    bytesOf(base.flags),
    bytesOf(base.small),
    bytesOf(base.wide),
    base.hashes,
  ];
  const lengths = columns.map(({ length }) => length);
  const bytes = Buffer.alloc(lengths.reduce((sum, length) => sum + aligned(length), 0));
  let at = 0;
  for (const column of columns) {
    bytes.set(column, at);
    at += aligned(column.length);
  }
  return { bytes, lengths };
}

/** @param bytes as `packColumns` made them; the columns go on using their memory */
export function unpackColumns(bytes: Buffer<ArrayBuffer>, lengths: readonly number[]): BaseColumns {
  let at = 0;
  const [paths, flags, small, wide, hashes] = Array.from({ length: 5 }, (_, index) => {
    const length = lengths[index] ?? 0;
    const column = bytes.subarray(at, at + length);
    at += aligned(length);
    return column;
  }) as [Buffer, Buffer, Buffer, Buffer, Buffer];
  return {
    paths: splitPaths(paths.toString("utf8")),
    flags,
    small: new Uint32Array(small.buffer, small.byteOffset, small.length / 4),
    wide: new Float64Array(wide.buffer, wide.byteOffset, wide.length / 8),
    hashes,
  };
}

function splitPaths(text: string): string[] {
  const paths = text === "" ? [] : text.split(separator);
  return text.includes("\\") ? paths.map((path) => unescapePath(path) ?? "") : paths;
}

function bytesOf(column: Uint8Array | Uint32Array | Float64Array): Buffer {
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength);
}

function aligned(length: number): number {
  return Math.ceil(length / alignment) * alignment;
}
