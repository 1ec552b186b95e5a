import { join, relative } from "node:path";
import { codeRoot, packageRoot } from "../../package-root.ts";
import {
  type ContentStore,
  type KeptFile,
  type KeptLink,
  digestOf,
  hashFile,
} from "./content-store.ts";
import { codeFingerprint } from "./fingerprint.ts";
import { neededFiles } from "./needed-files.ts";
import { ownPaths } from "./own-files.ts";
import { packageClosure } from "./package-closure.ts";

/** The code a release runs, as it lies on the disk now. */
export interface CodeSnapshot {
  /** Folder the files' paths are relative to. */
  base: string;
  files: KeptFile[];
  links: KeptLink[];
  digest: string;
  /** See fingerprint.ts. */
  fingerprint: string;
  bytes: number;
  /** bin/studio.js within the view. */
  entry: string;
  /** studio's own migrations within the view. */
  migrations: string;
}

/**
 * Looks at studio's code and its dependencies and hashes what is not known yet.
 * @param directory of the project
 */
export async function snapshotCode(store: ContentStore, directory: string): Promise<CodeSnapshot> {
  const { base, packages, links } = packageClosure(packageRoot);
  const paths = packages.flatMap((folder) =>
    folder === packageRoot ? ownPaths() : neededFiles(folder),
  );
  const files: KeptFile[] = [];
  for (const path of paths) {
    files.push({ ...(await hashFile(store, path)), path: relative(base, path) });
  }
  return {
    base,
    files,
    links,
    digest: digestOf(files, links),
    fingerprint: codeFingerprint(directory),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    entry: relative(base, join(packageRoot, "bin", "studio.js")),
    migrations: relative(base, join(codeRoot, "migrations")),
  };
}
