import { randomBytes } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { systemPath } from "../format/path-text.ts";
import { lookAt } from "./compare.ts";

/** What the names of files that are being written start with. */
const prefix = ".studio-restore-";
const randomLength = 16;

/** Bytes of the longest path that Linux takes: PATH_MAX without the zero at its end. */
const longestPath = 4095;

/** A new name in the same folder, or above it where a path there would be too long. */
export function temporaryName(path: string): string {
  return `${temporaryFolder(path)}/${prefix}${randomBytes(randomLength / 2).toString("hex")}`;
}

function temporaryFolder(path: string): string {
  const most = longestPath - 1 - prefix.length - randomLength;
  let folder = dirname(path);
  while (Buffer.byteLength(systemPath(folder)) > most) folder = dirname(folder);
  return folder;
}

/** Removes what an interrupted restore left beside the files. */
export function sweepTemporaries(target: string, paths: readonly { path: string }[]): void {
  const folders = new Set(paths.map(({ path }) => temporaryFolder(`${target}/${path}`)));
  for (const folder of folders) {
    if (lookAt(folder)?.isDirectory() !== true) continue;
    for (const name of readdirSync(systemPath(folder), { encoding: "latin1" })) {
      if (name.startsWith(prefix)) rmSync(systemPath(`${folder}/${name}`), { force: true });
    }
  }
}
