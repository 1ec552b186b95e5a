import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StatePaths } from "../../../state.ts";

/**
 * Whether a release is to turn the public away, remembered for each release: one that takes over
 * does not, and one that is returned to does so again.
 */
const markOf = (paths: StatePaths, release: string): string =>
  join(paths.run, `${release}.maintenance`);

export const isMarked = (paths: StatePaths, release: string): boolean =>
  existsSync(markOf(paths, release));

export function markMaintenance(paths: StatePaths, release: string, on: boolean): void {
  if (!on) {
    rmSync(markOf(paths, release), { force: true });
    return;
  }
  mkdirSync(paths.run, { recursive: true, mode: 0o700 });
  writeFileSync(markOf(paths, release), "");
}
