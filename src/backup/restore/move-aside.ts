import { cp, link, mkdir, open, rename, rm, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCode } from "../../errors.ts";
import { systemPath } from "../format/path-text.ts";

/** Moves a file or folder, also to another disk, where it is copied before the original goes. */
export async function move(from: string, to: string): Promise<void> {
  await mkdir(systemPath(dirname(to)), { recursive: true, mode: 0o700 });
  try {
    await rename(systemPath(from), systemPath(to));
  } catch (error) {
    if (systemCode(error) !== "EXDEV") throw error;
    await copyDurably(from, to);
    await rm(systemPath(from), { recursive: true });
  }
}

/** Makes a second name for a file, or a copy where that cannot be; `to` must not exist. */
export async function duplicate(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  try {
    await link(from, to);
  } catch (error) {
    if (systemCode(error) === "EEXIST") throw error;
    await copyDurably(from, to);
  }
}

async function copyDurably(from: string, to: string): Promise<void> {
  const part = `${to}.part`;
  await rm(systemPath(part), { recursive: true, force: true });
  const options = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
  await cp(from, part, options);
  await rename(systemPath(part), systemPath(to));
  await syncFolder(dirname(to));
}

export async function syncFolder(directory: string): Promise<void> {
  const handle = await open(systemPath(directory), "r");
  try {
    await handle.sync();
  } catch (error) {
    if (systemCode(error) !== "EINVAL" && systemCode(error) !== "ENOTSUP") throw error;
  } finally {
    await handle.close();
  }
}

/** Removes a file that may be gone already. */
export async function removeFile(file: string): Promise<void> {
  await unlink(file).catch((error: unknown) => {
    if (systemCode(error) !== "ENOENT") throw error;
  });
}
