import { randomBytes } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { systemPath } from "../format/path-text.ts";
import { lookAt } from "./compare.ts";

/** What the names of files that are being written start with. */
const prefix = ".studio-restore-";

/** A new name in the same folder. */
export function temporaryName(path: string): string {
  return `${dirname(path)}/${prefix}${randomBytes(8).toString("hex")}`;
}

/** Removes what an interrupted restore left beside the files. */
export function sweepTemporaries(target: string, paths: readonly { path: string }[]): void {
  const folders = new Set(paths.map(({ path }) => dirname(`${target}/${path}`)));
  for (const folder of folders) {
    if (lookAt(folder)?.isDirectory() !== true) continue;
    for (const name of readdirSync(systemPath(folder), { encoding: "latin1" })) {
      if (name.startsWith(prefix)) rmSync(systemPath(`${folder}/${name}`), { force: true });
    }
  }
}
