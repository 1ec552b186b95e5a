import { type Base, flag } from "../base/base.ts";
import type { Item } from "./fresh-entry.ts";

export interface ContentCounts {
  files: number;
  directories: number;
  /** Symbolic and hard links. */
  links: number;
  /** Bytes of content of all files. */
  bytes: number;
}

/** What the entries of a snapshot add up to. */
export function countItems(items: readonly Item[], base: Base | null): ContentCounts {
  const counts = { files: 0, directories: 0, links: 0, bytes: 0 };
  for (const item of items) {
    if (typeof item === "number") {
      const flags = base?.flags[item] ?? 0;
      if ((flags & flag.directory) !== 0) counts.directories += 1;
      else if ((flags & (flag.symlink | flag.link)) !== 0) counts.links += 1;
      else addFile(counts, base?.wide[4 * item] ?? 0);
    } else if (item.entry?.type === "file") addFile(counts, item.entry.size);
    else if (item.entry?.type === "directory") counts.directories += 1;
    else counts.links += 1;
  }
  return counts;
}

function addFile(counts: ContentCounts, size: number): void {
  counts.files += 1;
  counts.bytes += size;
}
