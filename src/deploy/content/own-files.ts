import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { isCompiled, packageRoot } from "../../package-root.ts";

/** What of studio's own folder runs; the rest (tests, documents, history) is left out. */
const ownFolders = isCompiled
  ? ["bin", "dist"]
  : ["bin", "src", "commands", "migrations", "benchmarks"];
const ownFiles = ["package.json"];

/** What made the bundled models, and what is for people, is not run. */
const isRun = ({ name }: Dirent): boolean => name !== "build" && !/\.(?:md|jsonl)$/.test(name);

/** Absolute paths of studio's own files. */
export function ownPaths(): string[] {
  const files = ownFolders.flatMap((name) => walk(join(packageRoot, name), isRun));
  return [...ownFiles.map((name) => join(packageRoot, name)), ...files];
}

/** Absolute paths of the files below a folder for which `wanted` holds, as for the folders above. */
export function walk(folder: string, wanted: (entry: Dirent, path: string) => boolean): string[] {
  const paths: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (!wanted(entry, path)) continue;
    if (entry.isDirectory()) paths.push(...walk(path, wanted));
    else if (entry.isFile()) paths.push(path);
  }
  return paths;
}
