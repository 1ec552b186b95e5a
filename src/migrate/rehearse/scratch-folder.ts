import { mkdir, mkdtemp, readdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { StudioError, exitCodes, usageError } from "../../errors.ts";
import { isAlive, ownIdentity } from "../../shell/process-identity.ts";
import type { CloneMeans, CloneInput } from "./rehearsal-input.ts";

/** `rehearsal-4711-881234-xxxxxx`: the process that made it, and when that was started. */
const pattern = /^rehearsal-(\d+)-(\d+)-/;

/** Gives `work` a folder of its own, which is gone after it; and removes those of dead processes. */
export async function withScratchFolder<T>(
  { scratch }: CloneMeans,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  for (const name of await readdir(scratch)) {
    const [, pid, started] = pattern.exec(name) ?? [];
    if (pid === undefined || started === undefined) continue;
    if (isAlive({ pid: Number(pid), started, boot: null })) continue;
    await rm(join(scratch, name), { recursive: true, force: true });
  }
  const { pid, started } = ownIdentity();
  // Where the start cannot be told as a number, the folder is left to its own process.
  const since = /^\d+$/.test(started ?? "") ? started : "unknown";
  const folder = await mkdtemp(join(scratch, `rehearsal-${pid}-${since}-`));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** @throws StudioError (exit 8) where the disk of `folder` has less than `bytes` to spare */
export async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize > bytes) return;
  throw new StudioError({
    code: "rehearsal.noRoom",
    message: `A copy of the database takes up to ${bytes} bytes, and ${folder} has room for ${bavail * bsize}.`,
    hint: "Free some space there, or rehearse where a copy of the database fits.",
    exitCode: exitCodes.unavailable,
    details: { folder, needed: bytes, free: bavail * bsize },
  });
}

/** @throws StudioError (exit 2) where a copy is wanted, and nothing to make it with */
export function cloneMeans({ clone }: CloneInput): CloneMeans {
  if (clone !== undefined) return clone;
  throw usageError(
    "A copy of the database needs a folder for temporary files.",
    "Rehearse in a transaction: --on transaction.",
  );
}
