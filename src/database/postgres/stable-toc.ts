import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dumpFileName } from "../dump-file-name.ts";
import { type TocEntry, type TocPlaces, readToc } from "./toc.ts";

/** As the archive's date: the moment of a dump is the snapshot's, and must not change its files. */
const fixedDate = { second: 0, minute: 0, hour: 0, day: 1, month: 0, year: 100, summerTime: 0 };

/**
 * pg_dump names a table's file by a number that shifts whenever an object is created, and writes
 * the time into the table of contents. This gives each file the name of its table and the archive
 * a fixed date (2000-01-01), so that an unchanged database gives the same files. pg_restore takes
 * the names from the table of contents and reads the folder as before.
 * @returns the entries with their new names; null where the archive's version is not known: the
 * folder is then left as it is.
 */
export async function stabiliseArchive(folder: string): Promise<TocEntry[] | null> {
  const path = join(folder, "toc.dat");
  const bytes = await readFile(path);
  const toc = readToc(bytes);
  if (toc === null) return null;
  const names = new Map<number, string>();
  for (const entry of toc.entries) {
    if (entry.kind !== "TABLE DATA" || entry.file === null) continue;
    const name = dumpFileName([entry.schema ?? "", entry.tag], "dat");
    await rename(join(folder, entry.file), join(folder, name));
    names.set(entry.id, name);
  }
  const rewritten = rewrite(bytes, toc.places, names);
  await writeFile(path, rewritten);
  return readToc(rewritten)?.entries ?? null;
}

function rewrite(bytes: Buffer, places: TocPlaces, names: Map<number, string>): Buffer {
  const width = (places.date[1] - places.date[0]) / 7;
  const date = Object.values(fixedDate).map((value) => integer(value, width));
  const parts = [bytes.subarray(0, places.date[0]), ...date];
  let position = places.date[1];
  for (const [id, [start, end]] of places.files) {
    const name = names.get(id);
    if (name === undefined) continue;
    const text = Buffer.from(name);
    parts.push(bytes.subarray(position, start), integer(text.length, width), text);
    position = end;
  }
  return Buffer.concat([...parts, bytes.subarray(position)]);
}

/** A sign byte, then the value in little-endian order. */
function integer(value: number, width: number): Buffer {
  const buffer = Buffer.alloc(width);
  buffer.writeUIntLE(value, 1, width - 1);
  return buffer;
}
