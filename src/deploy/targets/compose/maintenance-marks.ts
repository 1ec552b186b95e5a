import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StatePaths } from "../../../state.ts";
import type { Notice } from "../../target.ts";

/**
 * Whether a release is to turn the public away, and in which words, remembered for each release: one
 * that takes over does not, and one that is returned to does so again.
 */
const markOf = (paths: StatePaths, release: string): string =>
  join(paths.run, `${release}.maintenance`);

/** Null where the release serves. */
export function markedNotice(paths: StatePaths, release: string): Notice | null {
  const file = markOf(paths, release);
  if (!existsSync(file)) return null;
  const message = readFileSync(file, "utf8");
  return { message: message === "" ? null : message };
}

export function markMaintenance(paths: StatePaths, release: string, notice: Notice | null): void {
  if (notice === null) {
    rmSync(markOf(paths, release), { force: true });
    return;
  }
  mkdirSync(paths.run, { recursive: true, mode: 0o700 });
  writeFileSync(markOf(paths, release), notice.message ?? "", { mode: 0o600 });
}
