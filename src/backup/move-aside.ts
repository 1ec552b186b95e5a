import { cp, link, mkdir, open, rename, rm, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCode } from "../errors.ts";

/** Moves a file or folder, also to another disk, where it is copied before the original goes. */
export async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  try {
    await rename(from, to);
  } catch (error) {
    if (systemCode(error) !== "EXDEV") throw error;
    await copyDurably(from, to);
    await rm(from, { recursive: true });
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
  await rm(part, { recursive: true, force: true });
  const options = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
  await cp(from, part, options);
  await rename(part, to);
  await syncFolder(dirname(to));
}

export async function syncFolder(directory: string): Promise<void> {
  const handle = await open(directory, "r");
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
