import { Readable } from "node:stream";
import type { Archiver } from "archiver";
import type { Entry } from "../format/entry.ts";
import { escapePath } from "../format/path-text.ts";
import { withoutLinks } from "./chosen-entries.ts";
import type { Contents } from "./contents.ts";
import type { ArchiveFormat } from "./formats.ts";
import type { TarData } from "./tar-archive.ts";
import { type ExportNote, zipNames } from "./zip-names.ts";

/** One member of an archive, as the archiver takes it. */
export interface ArchiveMember {
  entry: Entry;
  data: TarData | ZipData;
}

interface ZipData {
  name: string;
  type: "file" | "directory" | "symlink";
  date: Date;
  mode: number;
  linkname?: string;
}

export interface ArchiveLayout {
  members: ArchiveMember[];
  /** What the format cannot hold as it is. */
  notes: ExportNote[];
}

export function layOut(entries: readonly Entry[], format: ArchiveFormat): ArchiveLayout {
  return format === "zip" ? layOutZip(entries) : { members: entries.map(tarMember), notes: [] };
}

function tarMember(entry: Entry): ArchiveMember {
  const { type, path, mode, uid, gid, mtime } = entry;
  const size = entry.type === "file" ? entry.size : 0;
  const target = "target" in entry ? entry.target : null;
  const { xattrs } = entry;
  const header = { type, path, target, mode, uid, gid, mtime, size, xattrs };
  // The archiver wants a name; the format takes the header's.
  return { entry, data: { name: "member", header } };
}

function layOutZip(chosen: readonly Entry[]): ArchiveLayout {
  const entries = withoutLinks(chosen);
  const { names, notes } = zipNames(entries);
  const linked = chosen.filter(({ type }) => type === "link");
  for (const { path } of linked) {
    notes.push({ path: escapePath(path), note: "is a hard link, and a file of its own in a zip" });
  }
  for (const { path } of entries.filter(({ xattrs }) => xattrs !== undefined)) {
    notes.push({ path: escapePath(path), note: "has extended attributes, which a zip has not" });
  }
  const members: ArchiveMember[] = [];
  for (const entry of entries) {
    const { path, mode, mtime } = entry;
    const name = names.get(path) ?? path;
    const data = { name, mode, date: new Date(mtime) };
    if (entry.type === "symlink") {
      if (entry.target.isWellFormed()) {
        members.push({ entry, data: { ...data, type: "symlink", linkname: entry.target } });
      } else {
        notes.push({ path: escapePath(path), note: "is left out: its target is no UTF-8" });
      }
    } else {
      const type = entry.type === "directory" ? "directory" : "file";
      members.push({ entry, data: { ...data, type } });
    }
  }
  return { members, notes };
}

/** Appends a member and waits until the archiver has taken all of it. */
export async function appendMember(
  archive: Archiver,
  { entry, data }: ArchiveMember,
  contents: Contents,
): Promise<void> {
  const whole = entry.type === "file" ? await contents.small(entry) : Buffer.alloc(0);
  await new Promise<void>((resolve, reject) => {
    const taken = (): void => {
      archive.off("error", reject);
      resolve();
    };
    archive.once("entry", taken);
    archive.once("error", reject);
    if (whole !== null) {
      archive.append(whole, data);
      return;
    }
    // The archiver would wait for ever for the rest of a stream that has failed.
    const pieces = Readable.from(contents.large(entry as Entry & { type: "file" }), {
      objectMode: false,
    });
    pieces.once("error", reject);
    archive.append(pieces, data);
  });
}
