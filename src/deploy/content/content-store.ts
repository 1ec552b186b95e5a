import { createHash, hash as hashBuffer } from "node:crypto";
import {
  constants,
  copyFileSync,
  createReadStream,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { StudioError, exitCodes } from "../../errors.ts";
import type { Reach } from "../../operation/faults.ts";
import { type HashCache, cachedHash, rememberHash, unfinishedCache } from "./hash-cache.ts";

/**
 * Files kept by content: `objects/<2>/<sha256>`. Views of them (a release's code, its models) are
 * hard links, so that many releases share one copy; an object that only the store still links to
 * belongs to nobody.
 */
export interface ContentStore {
  folder: string;
  hashes: HashCache;
}

export interface KeptFile {
  /** Relative path in the view, with forward slashes. */
  path: string;
  sha256: string;
  bytes: number;
}

/** A symbolic link of a view. */
export interface KeptLink {
  /** Relative path in the view, with forward slashes. */
  path: string;
  /** Where it leads, relative to the folder it lies in. */
  to: string;
}

/** Files up to this size are read in one piece, which is many times faster than a stream. */
const smallFile = 4 * 1024 * 1024;

/** SHA-256 of a file, from memory when its size and times are those seen before. */
export async function hashFile(store: ContentStore, file: string): Promise<KeptFile> {
  const stats = statSync(file, { bigint: true });
  const bytes = Number(stats.size);
  const known = cachedHash(store.hashes, file, stats);
  if (known !== undefined) return { path: file, sha256: known, bytes };
  const sha256 =
    bytes <= smallFile ? hashBuffer("sha256", readFileSync(file)) : await hashStream(file);
  rememberHash(store.hashes, file, stats, sha256);
  return { path: file, sha256, bytes };
}

async function hashStream(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest("hex");
}

/** Copies a file into the store under its hash, unless its content is there already. */
export async function keepContent(
  store: ContentStore,
  file: KeptFile,
  from: string,
  reach: Reach,
): Promise<void> {
  const object = objectPath(store, file.sha256);
  // A power cut may have left one without its content.
  if (statSync(object, { throwIfNoEntry: false })?.size === file.bytes) return;
  mkdirSync(dirname(object), { recursive: true, mode: 0o700 });
  const temporary = `${object}.partial`;
  if ((await copyContent(file, from, temporary)) !== file.sha256) {
    rmSync(temporary, { force: true });
    throw new StudioError({
      code: "content.changed",
      message: `${from} changed while it was copied.`,
      hint: "Let whatever writes it finish, then run the command again.",
      exitCode: exitCodes.unavailable,
    });
  }
  reach("object-written");
  renameSync(temporary, object);
  reach("object-kept");
}

/** @returns the SHA-256 of what was written */
async function copyContent(file: KeptFile, from: string, to: string): Promise<string> {
  if (file.bytes > smallFile) {
    // A clone of the blocks where the file system can; never a link: the original may be edited.
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    return hashStream(to);
  }
  const content = readFileSync(from);
  writeFileSync(to, content, { mode: 0o600 });
  return hashBuffer("sha256", content);
}

/** Links kept contents into a folder that must not exist; it appears whole or not at all. */
export function buildView(
  store: ContentStore,
  files: readonly KeptFile[],
  folder: string,
  links: readonly KeptLink[],
  reach: Reach,
): void {
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  const made = new Set<string>();
  const place = (path: string) => {
    const target = join(partial, path);
    const parent = dirname(target);
    if (!made.has(parent)) mkdirSync(parent, { recursive: true, mode: 0o700 });
    made.add(parent);
    return target;
  };
  for (const file of files) {
    linkSync(objectPath(store, file.sha256), place(file.path));
    if (file === files[0]) reach("view-begun");
  }
  for (const { path, to } of links) symlinkSync(to, place(path));
  reach("view-linked");
  renameSync(partial, folder);
  reach("view-made");
}

/** Removes a view; a part of one is never found under its name. */
export function removeView(folder: string, reach: Reach): void {
  const partial = folder.endsWith(".partial") ? folder : `${folder}.partial`;
  if (existsSync(folder) && folder !== partial) {
    rmSync(partial, { recursive: true, force: true });
    renameSync(folder, partial);
    reach("view-removed");
  }
  rmSync(partial, { recursive: true, force: true });
}

/** Removes objects that no view links to any more, and what an interrupted copy left. */
export function collectGarbage(store: ContentStore, reach: Reach): void {
  rmSync(unfinishedCache(store.hashes.file), { force: true });
  const objects = join(store.folder, "objects");
  if (!existsSync(objects)) return;
  for (const prefix of readdirSync(objects)) {
    for (const name of readdirSync(join(objects, prefix))) {
      const file = join(objects, prefix, name);
      if (!name.endsWith(".partial") && statSync(file).nlink > 1) continue;
      rmSync(file, { force: true });
      reach("object-removed");
    }
  }
}

/** One digest for a set of files and links: SHA-256 over their sorted paths and contents. */
export function digestOf(files: readonly KeptFile[], links: readonly KeptLink[] = []): string {
  const hash = createHash("sha256");
  const lines = [
    ...files.map(({ path, sha256 }) => ({ path, content: sha256 })),
    ...links.map(({ path, to }) => ({ path, content: `-> ${to}` })),
  ];
  for (const { path, content } of lines.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    hash.update(`${content}  ${path}\n`);
  }
  return hash.digest("hex");
}

function objectPath(store: ContentStore, sha256: string): string {
  return join(store.folder, "objects", sha256.slice(0, 2), sha256);
}
