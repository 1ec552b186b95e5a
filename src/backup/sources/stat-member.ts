import type { Stats } from "node:fs";
import type { Member } from "./source.ts";

/** What is at a path, as a member; null for a FIFO, a socket or a device. */
export function memberOf(path: string, file: string, stats: Stats): Member | null {
  const { uid, gid, mtimeMs: mtime, ctimeMs: ctime, ino: inode, size } = stats;
  const mode = stats.mode & 0o7777;
  switch (stats.mode & 0o170000) {
    case 0o100000: {
      const sparse = stats.blocks * 512 < size && size >= 4096;
      const { dev: device, nlink: names } = stats;
      return {
        type: "file",
        path,
        file,
        mode,
        uid,
        gid,
        mtime,
        ctime,
        inode,
        size,
        device,
        names,
        sparse,
      };
    }
    case 0o040000:
      return { type: "directory", path, file, mode, uid, gid, mtime, ctime, inode, parent: false };
    case 0o120000:
      return { type: "symlink", path, file, mode, uid, gid, mtime, ctime, inode };
    default:
      return null;
  }
}

export function specialKind(stats: Stats): string {
  if (stats.isFIFO()) return "a FIFO";
  return stats.isSocket() ? "a socket" : "a device";
}
