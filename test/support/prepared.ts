import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A new folder with what `prepare` makes of an empty one, owners and all. It is called once in a
 * run, whichever of its files asks first; the others get copies of what it made.
 */
export function copyOfPrepared(name: string, prepare: (folder: string) => void): string {
  const prepared = join(tmpdir(), `prepared-${name}`);
  if (!existsSync(prepared)) {
    const own = mkdtempSync(`${prepared}-`);
    prepare(own);
    try {
      renameSync(own, prepared);
    } catch {
      // Another file was as early, and its folder is as good.
      rmSync(own, { recursive: true });
    }
  }
  const copy = mkdtempSync(join(tmpdir(), `studio-${name}-`));
  execFileSync("cp", ["-aT", prepared, copy]);
  return copy;
}
