import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { systemCode } from "../../errors.ts";
import { runCommand } from "../../shell/exec.ts";
import type { ProjectFile } from "../protocol.ts";
import { type HomeFiles, hashAt, incomingFile, readManifest, saveHomeFiles } from "./home-files.ts";
import { replaceFile } from "../../replace-file.ts";

/**
 * Makes the files that arrived those of the project, and removes the ones that were sent earlier and
 * are gone. What was never sent stays: uploads, models that were fetched there, notes of people.
 * The list is written down first, so that a death half-way is made good by `finishTaking`.
 */
export async function takeFiles(home: HomeFiles, files: readonly ProjectFile[]): Promise<void> {
  const { paths } = home;
  replaceFile(paths.taking, JSON.stringify(files));
  await carryThrough(home, files);
}

/** Carries through what a run that died left half-way; what it cannot is left to the next list. */
export async function finishTaking(home: HomeFiles): Promise<void> {
  const { paths } = home;
  if (!existsSync(paths.taking)) return;
  const files = readManifest(paths.taking);
  for (const { path, sha256 } of files) {
    const isThere = (await hashAt(home, path)) === sha256;
    if (!isThere && !existsSync(incomingFile(paths, sha256))) return;
  }
  await carryThrough(home, files);
}

async function carryThrough(home: HomeFiles, files: readonly ProjectFile[]): Promise<void> {
  const { paths } = home;
  const before = readManifest(paths.manifest);
  const kept = before.filter((file) => staysUnlisted(file, files));
  const named = new Set([...files, ...kept].map(({ path }) => path));
  for (const { path } of before) if (!named.has(path)) removeFile(paths.folder, path);
  const absent: ProjectFile[] = [];
  for (const file of files) {
    if ((await hashAt(home, file.path)) === file.sha256) setMode(paths.folder, file);
    else absent.push(file);
  }
  for (const [index, file] of absent.entries()) {
    const isNeededAgain = absent.slice(index + 1).some(({ sha256 }) => sha256 === file.sha256);
    place(home, file, isNeededAgain);
  }
  replaceFile(paths.manifest, JSON.stringify([...files, ...kept]));
  saveHomeFiles(home);
  rmSync(paths.taking, { force: true });
  // One flush of the file system: a power cut after the operation must not find its files empty.
  await runCommand("sync", ["-f", paths.folder]);
  removeOldContents(paths.incoming);
}

/** A checkout without secrets and models leaves those alone that another one brought. */
function staysUnlisted(file: ProjectFile, files: readonly ProjectFile[]): boolean {
  if (files.some(({ path }) => path === file.path)) return false;
  if (file.kind === "secret") return true;
  return file.kind === "model" && !files.some(({ kind }) => kind === "model");
}

function place({ paths }: HomeFiles, file: ProjectFile, isNeededAgain: boolean): void {
  const to = join(paths.folder, file.path);
  const from = incomingFile(paths, file.sha256);
  mkdirSync(dirname(to), { recursive: true });
  if (lstatSync(to, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new Error(`${to} is a folder on the host, and a file in what was sent.`);
  }
  const beside = join(dirname(to), `.studio-new-${file.sha256.slice(0, 16)}`);
  if (isNeededAgain || !moved(from, beside)) {
    copyFileSync(from, beside, constants.COPYFILE_FICLONE);
  }
  chmodSync(beside, modeOf(file));
  renameSync(beside, to);
}

/** False where the two lie on different disks. */
function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === "EXDEV") return false;
    throw error;
  }
}

function modeOf({ kind, executable }: ProjectFile): number {
  if (kind === "secret") return 0o600;
  return executable ? 0o755 : 0o644;
}

function setMode(folder: string, file: ProjectFile): void {
  const path = join(folder, file.path);
  if ((statSync(path).mode & 0o777) !== modeOf(file)) chmodSync(path, modeOf(file));
}

/** Removes a file, and the folders that are empty without it. */
function removeFile(folder: string, path: string): void {
  rmSync(join(folder, path), { force: true });
  for (let parent = dirname(path); parent !== "."; parent = dirname(parent)) {
    try {
      rmdirSync(join(folder, parent));
    } catch {
      return;
    }
  }
}

const day = 86_400_000;

/** Those of a dry run serve the deploy after it; nobody comes back for older ones. */
function removeOldContents(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats !== undefined && Date.now() - stats.ctimeMs > day) rmSync(file, { force: true });
  }
}
