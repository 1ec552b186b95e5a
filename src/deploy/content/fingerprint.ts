import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { packageRoot } from "../../package-root.ts";
import { ownPaths } from "./own-files.ts";

/**
 * A digest that tells quickly whether the code is another one: of studio's own files, and of the
 * list of what is installed beside them. A release is named by the digest of all files, which also
 * notices a dependency that was changed by hand.
 */
export function codeFingerprint(): string {
  const hash = createHash("sha256");
  for (const path of ownPaths()) {
    hash.update(`${relative(packageRoot, path)}\0`).update(readFileSync(path));
  }
  const list = installedList(packageRoot);
  if (list !== null) hash.update(readFileSync(list));
  return hash.digest("hex");
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
