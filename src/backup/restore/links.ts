import { lchownSync, linkSync, lutimesSync, symlinkSync } from "node:fs";
import type { HardLinkEntry, SymlinkEntry } from "../format/entry.ts";
import { systemPath } from "../format/path-text.ts";
import { giveOwner } from "./folders.ts";
import type { Placer } from "./placer.ts";
import { temporaryName } from "./temporary.ts";
import { systemTime } from "../system-time.ts";

export async function makeSymlink(
  entry: SymlinkEntry,
  path: string,
  placer: Placer,
): Promise<void> {
  const temporary = temporaryName(`${placer.target}/${path}`);
  const beside = systemPath(temporary);
  symlinkSync(systemPath(entry.target), beside);
  giveOwner(entry, (uid, gid) => lchownSync(beside, uid, gid));
  lutimesSync(beside, systemTime(entry.mtime), systemTime(entry.mtime));
  await placer.place(temporary, path);
}

/** Gives a restored file its other name. */
export async function makeHardLink(
  entry: HardLinkEntry,
  path: string,
  placer: Placer,
): Promise<void> {
  const temporary = temporaryName(`${placer.target}/${path}`);
  linkSync(systemPath(`${placer.target}/${entry.target}`), systemPath(temporary));
  await placer.place(temporary, path);
}
