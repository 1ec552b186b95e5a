import { createHash, randomBytes } from "node:crypto";
import { lchown, lutimes, open, rename, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemCode } from "../errors.ts";
import { damaged } from "./failures.ts";
import type { FileEntry, SymlinkEntry } from "./manifest.ts";

/** What the names of files that are being written start with. */
export const temporaryPrefix = ".studio-restore-";

/** A file or link that is complete, beside its place. */
export interface WrittenBeside {
  /**
   * The rename lasts once the caller has synced the folder.
   * @param clear empties the place; called right before the rename
   */
  putInPlace(clear: () => Promise<void>): Promise<void>;
}

/** Writes a file beside its place with all attributes, synced, and checks its SHA-256. */
export async function writeFileBeside(
  path: string,
  entry: Pick<FileEntry, "path" | "sha256" | "mode" | "uid" | "gid" | "mtime">,
  content: AsyncIterable<Buffer>,
  pace: () => Promise<void>,
): Promise<WrittenBeside> {
  const beside = temporaryName(path);
  try {
    const handle = await open(beside, "wx", 0o600);
    try {
      const hash = createHash("sha256");
      for await (const piece of content) {
        hash.update(piece);
        await handle.writeFile(piece);
        await pace();
      }
      if (hash.digest("hex") !== entry.sha256) {
        throw damaged(`The content of ${entry.path} in the snapshot is not what was backed up.`);
      }
      await giveOwner((uid, gid) => handle.chown(uid, gid), entry);
      // After the owner: a change of owner clears the set-user-id bit.
      await handle.chmod(entry.mode);
      await handle.utimes(entry.mtime / 1000, entry.mtime / 1000);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  return placed(beside, path);
}

export async function writeLinkBeside(path: string, entry: SymlinkEntry): Promise<WrittenBeside> {
  const beside = temporaryName(path);
  await symlink(entry.target, beside);
  await giveOwner((uid, gid) => lchown(beside, uid, gid), entry);
  await lutimes(beside, entry.mtime / 1000, entry.mtime / 1000);
  return placed(beside, path);
}

/** Only the superuser may give files away; for everyone else they belong to who restores. */
export async function giveOwner(
  give: (uid: number, gid: number) => Promise<void>,
  owner: { uid: number; gid: number },
): Promise<void> {
  if (process.getuid?.() !== 0) return;
  await give(owner.uid, owner.gid).catch((error: unknown) => {
    // Some network file systems know no owners.
    if (systemCode(error) !== "EPERM" && systemCode(error) !== "ENOTSUP") throw error;
  });
}

function temporaryName(path: string): string {
  return join(dirname(path), `${temporaryPrefix}${randomBytes(8).toString("hex")}`);
}

function placed(beside: string, path: string): WrittenBeside {
  return {
    async putInPlace(clear) {
      try {
        await clear();
        await rename(beside, path);
      } catch (error) {
        await rm(beside, { force: true });
        throw error;
      }
    },
  };
}
