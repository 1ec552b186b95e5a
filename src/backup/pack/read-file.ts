import { constants, openSync, readSync } from "node:fs";
import type { Stats } from "node:fs";
import { reasonOf, systemCode } from "../../errors.ts";
import { systemPath } from "../format/path-text.ts";
import type { FileToStore, StoredFile } from "./protocol.ts";

/** An open file, or its fate. */
export type Opened =
  | { descriptor: number }
  | Extract<StoredFile, { outcome: "vanished" | "unreadable" }>;

/** Opens a file that was found in a folder a while ago. A link or FIFO in its place is not opened. */
export function openToStore(file: string): Opened {
  let descriptor = -1;
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    descriptor = openSync(systemPath(file), flags);
    return { descriptor };
  } catch (error) {
    return fateOf(error);
  }
}

/** What an error of a file that is read means for it. */
export function fateOf(
  error: unknown,
): Extract<StoredFile, { outcome: "vanished" | "unreadable" }> {
  const code = systemCode(error);
  if (code === undefined) throw error;
  // The last three: it has become a folder, or a FIFO, meanwhile.
  const gone = ["ENOENT", "ELOOP", "ENOTDIR", "ENXIO", "ESTALE", "EISDIR", "ESPIPE", "EAGAIN"];
  return gone.includes(code)
    ? { outcome: "vanished" }
    : { outcome: "unreadable", reason: reasonOf(error) };
}

/** Reads up to `length` bytes from the start of a file; fewer only at its end. */
export function readFully(
  descriptor: number,
  into: Buffer,
  at: number,
  length: number,
  position: number,
): number {
  let done = 0;
  while (done < length) {
    const count = readSync(descriptor, into, at + done, length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** Whether nothing has touched the file since it was seen. */
export function isUntouched(seen: FileToStore, now: Stats): boolean {
  return (
    now.size === seen.size &&
    now.mtimeMs === seen.mtime &&
    now.ctimeMs === seen.ctime &&
    now.ino === seen.inode
  );
}

/** The file as it is now. */
export function seenAs(
  file: FileToStore,
  { size, mode, uid, gid, mtimeMs, ctimeMs, ino }: Stats,
): FileToStore {
  const attributes = { mode: mode & 0o7777, uid, gid };
  return { ...file, size, ...attributes, mtime: mtimeMs, ctime: ctimeMs, inode: ino };
}
