import { existsSync } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { copySqlite } from "../../../database/dump-sqlite.ts";
import { reasonOf } from "../../../errors.ts";
import { createIdentifier, isIdentifier } from "../../../identifier.ts";
import { type LockFile, openLockFile } from "../../../sqlite/lock-file.ts";
import type { Clone, CloneContents } from "../clone.ts";
import type { CloneInput } from "../rehearsal-input.ts";
import { requireRoom } from "../scratch-folder.ts";

/** In the folder of a copy: held by the process that uses it. */
const lockName = "owner.lock";

/** Copies a SQLite file into a folder of its own beside it, as of one instant. */
export async function cloneSqlite(
  { database, signal, lockTimeout, now = () => new Date() }: CloneInput,
  contents: CloneContents,
): Promise<Clone> {
  const live = database.file ?? "";
  const parent = existingFolder(dirname(live));
  const prefix = `${basename(live)}.rehearsal-`;
  await removeLeftOvers(parent, prefix);
  const folder = join(parent, `${prefix}${createIdentifier(now())}`);
  await mkdir(folder, { mode: 0o700 });
  const lock = openLockFile(join(folder, lockName));
  try {
    lock.tryAcquire(`process ${process.pid}`);
    const file = join(folder, basename(live));
    if (contents === "everything" && existsSync(live)) {
      // A rebuilt table needs the room of the copy once more.
      await requireRoom(folder, 2 * (await sizeOf(live)));
      await copySqlite(live, file, { signal, busyTimeout: Math.max(lockTimeout, 5000) });
    }
    return {
      address: { dialect: "sqlite", file, url: `sqlite:${file}` },
      notes: [],
      emptyTables: [],
      remove: () => remove(folder, lock),
    };
  } catch (error) {
    await remove(folder, lock);
    throw error;
  }
}

/** Removes the copies of processes that are no more. */
async function removeLeftOvers(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix) || !isIdentifier(name.slice(prefix.length))) continue;
    const lock = openLockFile(join(parent, name, lockName));
    if (lock.tryAcquire(`process ${process.pid}`)) await remove(join(parent, name), lock);
    else lock.close();
  }
}

async function remove(folder: string, lock: LockFile): Promise<string | null> {
  lock.close();
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    return null;
  } catch (error) {
    return `The copy ${folder} could not be removed (${reasonOf(error)}): the next rehearsal does.`;
  }
}

/** With what is still in the write-ahead log. */
async function sizeOf(file: string): Promise<number> {
  const sizes = [file, `${file}-wal`].map((path) =>
    stat(path).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((one, other) => one + other, 0);
}

/** The folder itself, or the nearest above it that exists. */
function existingFolder(folder: string): string {
  return existsSync(folder) ? folder : existingFolder(dirname(folder));
}
