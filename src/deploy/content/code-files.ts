import { type Dirent, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { codeRoot, isCompiled, packageRoot } from "../../package-root.ts";
import { type ContentStore, type KeptFile, digestOf, hashFile } from "./content-store.ts";
import { packageClosure } from "./package-closure.ts";

/** The code a release runs, as it lies on the disk now. */
export interface CodeSnapshot {
  /** Folder the files' paths are relative to. */
  base: string;
  files: KeptFile[];
  digest: string;
  bytes: number;
  /** bin/studio.js within the view. */
  entry: string;
  /** studio's own migrations within the view. */
  migrations: string;
}

/** What of studio's own folder runs; the rest (tests, documents, history) is left out. */
const ownFolders = isCompiled
  ? ["bin", "dist"]
  : ["bin", "src", "commands", "migrations", "benchmarks"];
const ownFiles = ["package.json"];

/** Looks at studio's code and its dependencies and hashes what is not known yet. */
export async function snapshotCode(store: ContentStore): Promise<CodeSnapshot> {
  const { base, packages } = packageClosure(packageRoot);
  const paths = packages.flatMap((folder) =>
    folder === packageRoot ? ownPaths() : packagePaths(folder),
  );
  const files: KeptFile[] = [];
  for (const path of paths) {
    files.push({ ...(await hashFile(store, path)), path: relative(base, path) });
  }
  return {
    base,
    files,
    digest: digestOf(files),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    entry: relative(base, join(packageRoot, "bin", "studio.js")),
    migrations: relative(base, join(codeRoot, "migrations")),
  };
}

function ownPaths(): string[] {
  const files = ownFolders.flatMap((name) => walk(join(packageRoot, name), () => true));
  return [...ownFiles.map((name) => join(packageRoot, name)), ...files];
}

/** A package's files without the packages nested in it (they are in the closure themselves). */
function packagePaths(folder: string): string[] {
  return walk(folder, (entry, path) => {
    if (entry.isDirectory() && entry.name === "node_modules") return false;
    return !/\.(?:d\.[cm]?ts|map)$/.test(entry.name) && !isOtherPlatform(relative(folder, path));
  });
}

/** onnxruntime-node carries the libraries of every system, some 60 MB each. */
function isOtherPlatform(path: string): boolean {
  const match = /^bin\/napi-v\d+\/(linux|darwin|win32)(?:\/(x64|arm64))?/.exec(path);
  if (match === null) return false;
  const [, platform, architecture] = match;
  return (
    platform !== process.platform || (architecture !== undefined && architecture !== process.arch)
  );
}

function walk(folder: string, wanted: (entry: Dirent, path: string) => boolean): string[] {
  const paths: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (!wanted(entry, path)) continue;
    if (entry.isDirectory()) paths.push(...walk(path, wanted));
    else if (entry.isFile()) paths.push(path);
  }
  return paths;
}
