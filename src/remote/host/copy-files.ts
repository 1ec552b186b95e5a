import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { createIdentifier, identifierTime, isIdentifier } from "../../identifier.ts";
import type { ProjectFile } from "../protocol.ts";
import { type HomeFiles, hashAt, incomingFile, readManifest } from "./home-files.ts";

/**
 * The project as it would be with the files that were sent, for commands that look: what was sent,
 * and links to everything else on the host, its state included.
 * @returns the folder, to be removed afterwards
 */
export async function copyFiles(
  home: HomeFiles,
  files: readonly ProjectFile[],
  now: Date,
): Promise<string> {
  const { paths } = home;
  removeForgotten(paths.copies, now);
  const folder = join(paths.copies, createIdentifier(now));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const file of files) {
    const isThere = (await hashAt(home, file.path)) === file.sha256;
    const from = isThere ? join(paths.folder, file.path) : incomingFile(paths, file.sha256);
    const to = join(folder, file.path);
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    // A small file is copied: somebody may write to one of two links.
    if (file.bytes < 1024 * 1024) copyFileSync(from, to, constants.COPYFILE_FICLONE);
    else linkSync(from, to);
  }
  const gone = readManifest(paths.manifest).filter(({ kind }) => kind === "project");
  const listed = new Set(files.map(({ path }) => path));
  const removed = new Set(gone.map(({ path }) => path).filter((path) => !listed.has(path)));
  linkRest(paths.folder, folder, "", removed);
  return folder;
}

/** Links what lies in the one folder and not in the other. */
function linkRest(from: string, to: string, below: string, removed: ReadonlySet<string>): void {
  for (const entry of readdirSync(join(from, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    if (removed.has(path)) continue;
    const place = join(to, path);
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found === undefined) symlinkSync(join(from, path), place);
    else if (entry.isDirectory() && found.isDirectory()) linkRest(from, to, path, removed);
  }
}

const day = 86_400_000;

/** Copies that a run that died left behind. */
function removeForgotten(folder: string, now: Date): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (!isIdentifier(name) || now.getTime() - identifierTime(name).getTime() < day) continue;
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}
