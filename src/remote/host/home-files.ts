import { existsSync, lstatSync, mkdirSync, readFileSync } from "node:fs";
import { isAbsolute, join, normalize } from "node:path";
import { type ContentStore, hashFile } from "../../deploy/content/content-store.ts";
import { openHashCache, saveHashCache } from "../../deploy/content/hash-cache.ts";
import type { ProjectFile } from "../protocol.ts";
import type { HomePaths } from "./home.ts";

/** The files of a project as they lie on the host, and the contents that arrived for it. */
export interface HomeFiles {
  paths: HomePaths;
  store: ContentStore;
}

export function openHomeFiles(paths: HomePaths): HomeFiles {
  mkdirSync(paths.incoming, { recursive: true, mode: 0o700 });
  return {
    paths,
    store: { folder: paths.root, hashes: openHashCache(join(paths.root, "hashes.json")) },
  };
}

export function saveHomeFiles({ store }: HomeFiles): void {
  saveHashCache(store.hashes, () => {});
}

/** The list that was taken over last. */
export function readManifest(file: string): ProjectFile[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as ProjectFile[]) : [];
}

export const incomingFile = ({ incoming }: HomePaths, sha256: string): string =>
  join(incoming, sha256);

/** SHA-256 of what lies at a path of the project; null where no file does. */
export async function hashAt({ paths, store }: HomeFiles, path: string): Promise<string | null> {
  const file = join(paths.folder, path);
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) return null;
  return (await hashFile(store, file)).sha256;
}

/** A list that reaches out of the project's folder, or into its state, is not followed. */
export function checkPaths(files: readonly ProjectFile[]): void {
  for (const { path, sha256 } of files) {
    const whole = normalize(path);
    const isInside = !isAbsolute(whole) && whole === path && !/^\.\.(\/|$)/.test(whole);
    if (!isInside || /^\.studio(\/|$)/.test(whole) || !/^[0-9a-f]{64}$/.test(sha256)) {
      throw new Error(`A file was announced that is none of a project: ${path}`);
    }
  }
}
