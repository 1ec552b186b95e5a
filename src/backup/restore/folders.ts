import { chmodSync, lchownSync, mkdirSync, utimesSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "../../errors.ts";
import type { Attributes } from "../format/entry.ts";
import { systemPath } from "../format/path-text.ts";
import { lookAt } from "./compare.ts";
import type { Decision } from "./decide.ts";
import type { Placer } from "./placer.ts";
import { systemTime } from "../system-time.ts";

/** Makes the folders that are missing, for nobody else until they are complete. */
export async function makeFolders(decisions: readonly Decision[], placer: Placer): Promise<void> {
  const mode = 0o700;
  const isFolder = ({ entry }: Decision): boolean => entry.type === "directory";
  for (const { action, path } of decisions.filter(isFolder)) {
    if (action === "replace") await placer.clear(path);
    else placer.announce([path]);
    mkdirSync(systemPath(`${placer.target}/${path}`), { recursive: true, mode });
  }
  for (const { path } of decisions.filter((one) => !isFolder(one))) {
    // The folders that lead to a path may have been left out of the selection.
    const above = dirname(`${placer.target}/${path}`);
    if (lookAt(above) === null) mkdirSync(systemPath(above), { recursive: true, mode });
  }
}

/** Modes and times of folders come last: the files written into them would change them. */
export function finishFolders(decisions: readonly Decision[], target: string): void {
  const folders = decisions.filter(({ entry }) => entry.type === "directory");
  for (const { entry, path } of folders.toReversed()) {
    const absolute = systemPath(`${target}/${path}`);
    giveOwner(entry, (uid, gid) => lchownSync(absolute, uid, gid));
    chmodSync(absolute, entry.mode);
    utimesSync(absolute, systemTime(entry.mtime), systemTime(entry.mtime));
  }
}

/** Only the superuser may give files away; for everyone else they belong to who restores. */
export function giveOwner(
  { uid, gid }: Pick<Attributes, "uid" | "gid">,
  give: (uid: number, gid: number) => void,
): void {
  if (process.getuid?.() !== 0) return;
  try {
    give(uid, gid);
  } catch (error) {
    // Some network file systems know no owners.
    if (systemCode(error) !== "EPERM" && systemCode(error) !== "ENOTSUP") throw error;
  }
}
