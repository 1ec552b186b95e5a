import { createHash, hash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { cachedFile, keepsCache, readCached, writeCached } from "../../cached-file.ts";
import { stampOf } from "../../file-stamp.ts";
import { packageRoot } from "../../package-root.ts";
import { ownPaths } from "./own-files.ts";

/**
 * A digest that tells quickly whether the code is another one: of studio's own files, and of the
 * list of what is installed beside them. A release is named by the digest of all files, which also
 * notices a dependency that was changed by hand.
 * @param directory of the project, which remembers it for as long as no file has another stamp
 */
export function codeFingerprint(directory: string): string {
  const list = installedList(packageRoot);
  const paths = [...ownPaths(), ...(list === null ? [] : [list])];
  if (!keepsCache(directory)) return readFingerprint(paths);
  const stamp = stampOf(paths);
  const key = `${hash("sha256", paths.join("\0"))} ${stamp.digest}`;
  const memory = cachedFile(directory, "code-fingerprint.json");
  const known = readCached(memory) as Remembered | null;
  if (stamp.settled && known?.key === key) return known.fingerprint;
  const fingerprint = readFingerprint(paths);
  if (stamp.settled) writeCached(memory, JSON.stringify({ key, fingerprint }));
  return fingerprint;
}

interface Remembered {
  key: string;
  fingerprint: string;
}

function readFingerprint(paths: readonly string[]): string {
  const digest = createHash("sha256");
  for (const path of paths) {
    digest.update(`${relative(packageRoot, path)}\0`).update(readFileSync(path));
  }
  return digest.digest("hex");
}

/** Where npm (npm-shrinkwrap.json(5)) and pnpm list the packages of a node_modules folder. */
const installedLists = [".package-lock.json", join(".pnpm", "lock.yaml")];

export function installedList(from: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const lists = installedLists.map((name) => join(folder, "node_modules", name));
    const list = lists.find((file) => existsSync(file));
    if (list !== undefined) return list;
    if (dirname(folder) === folder) return null;
  }
}
