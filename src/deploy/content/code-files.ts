import { join, relative } from "node:path";
import { codeRoot, packageRoot } from "../../package-root.ts";
import { type ContentStore, type KeptFile, digestOf, hashFile } from "./content-store.ts";
import { codeFingerprint } from "./fingerprint.ts";
import { ownPaths, walk } from "./own-files.ts";
import { packageClosure } from "./package-closure.ts";

/** The code a release runs, as it lies on the disk now. */
export interface CodeSnapshot {
  /** Folder the files' paths are relative to. */
  base: string;
  files: KeptFile[];
  digest: string;
  /** See fingerprint.ts. */
  fingerprint: string;
  bytes: number;
  /** bin/studio.js within the view. */
  entry: string;
  /** studio's own migrations within the view. */
  migrations: string;
}

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
    fingerprint: codeFingerprint(),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    entry: relative(base, join(packageRoot, "bin", "studio.js")),
    migrations: relative(base, join(codeRoot, "migrations")),
  };
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
