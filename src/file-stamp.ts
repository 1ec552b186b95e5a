import { hash } from "node:crypto";
import { type Stats, lstatSync } from "node:fs";

/** Tells whether files and folders are still those that were seen before, without reading them. */
export interface Stamp {
  /** SHA-256, hexadecimal; differs once any of them was written, replaced, made or removed. */
  digest: string;
  /** False while the stamp must not be relied on later, see `isSettled`. */
  settled: boolean;
}

/** Coarser than the clock of any file system in use, in milliseconds. */
const tick = 2000;

/**
 * One stamp for all of `paths`, which are not part of it themselves: by size, times and inode, as
 * git's index does. The time of change (ctime) cannot be set back as that of modification can.
 */
export function stampOf(paths: readonly string[]): Stamp {
  const numbers = new Float64Array(paths.length * 4);
  let settled = true;
  let at = 0;
  for (const path of paths) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats !== undefined) {
      numbers[at] = stats.size;
      numbers[at + 1] = stats.mtimeMs;
      numbers[at + 2] = stats.ctimeMs;
      numbers[at + 3] = stats.ino;
      settled &&= isSettled(stats);
    }
    at += 4;
  }
  return { digest: hash("sha256", numbers), settled };
}

/**
 * False for a file that was changed just now: it can be changed again within the same tick of the
 * clock, which no stamp would show (git-scm.com/docs/racy-git).
 * @param now milliseconds since 1970
 */
export function isSettled(
  stats: Pick<Stats, "mtimeMs" | "ctimeMs">,
  now: number = Date.now(),
): boolean {
  return Math.max(stats.mtimeMs, stats.ctimeMs) < now - tick;
}
