import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";
import type { ProjectFile } from "../protocol.ts";
import { type HomeFiles, hashAt, incomingFile, readManifest } from "./home-files.ts";
import { type Link, messageOf } from "./link.ts";

/** Left free on the disk, in bytes: the operation needs some room itself. */
const spare = 64 * 1024 * 1024;

/**
 * Sees to it that every content of the list that is not in its place lies in `incoming/`: asks for
 * what the host has nowhere, so that a renamed model is not sent again.
 */
export async function receiveContents(
  home: HomeFiles,
  files: readonly ProjectFile[],
  link: Link,
): Promise<void> {
  const present = new Map<string, string>();
  const absent = new Map<string, ProjectFile>();
  for (const file of files) {
    const found = await hashAt(home, file.path);
    if (found !== null) present.set(found, file.path);
    if (found !== file.sha256) absent.set(file.sha256, file);
  }
  for (const { path } of absent.size === 0 ? [] : readManifest(home.paths.manifest)) {
    const found = await hashAt(home, path);
    if (found !== null) present.set(found, path);
  }
  const wanted: ProjectFile[] = [];
  for (const [sha256, file] of absent) {
    const content = incomingFile(home.paths, sha256);
    if (statSync(content, { throwIfNoEntry: false })?.size === file.bytes) continue;
    const elsewhere = present.get(sha256);
    if (elsewhere === undefined) wanted.push(file);
    else copyInto(join(home.paths.folder, elsewhere), content);
  }
  if (wanted.length === 0) return;
  checkSpace(home, wanted);
  link.send({ kind: "objectsWanted", wanted: wanted.map(({ sha256 }) => sha256) });
  for (const _ of wanted) await receiveOne(home, link);
}

function copyInto(from: string, to: string): void {
  const temporary = `${to}.${process.pid}.partial`;
  copyFileSync(from, temporary, constants.COPYFILE_FICLONE);
  renameSync(temporary, to);
}

function checkSpace({ paths }: HomeFiles, wanted: readonly ProjectFile[]): void {
  const { bavail, bsize } = statfsSync(paths.root);
  const needed = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
  if (needed + spare <= bavail * bsize) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1_000_000)} MB`;
  throw new StudioError({
    code: "remote.diskFull",
    message: `The disk of the host has ${megabytes(bavail * bsize)} left, and ${megabytes(needed)} are to be sent. Nothing was changed.`,
    hint: `Make room on the disk of ${paths.folder}, then type the same again.`,
    exitCode: exitCodes.unavailable,
  });
}

async function receiveOne(home: HomeFiles, link: Link): Promise<void> {
  const frame = await link.next();
  const message = frame === null ? null : messageOf(frame);
  if (message?.kind !== "object") throw connectionLost();
  const content = incomingFile(home.paths, message.sha256);
  const temporary = `${content}.${process.pid}.partial`;
  const descriptor = openSync(temporary, "w", 0o600);
  const hash = createHash("sha256");
  try {
    for (let left = message.bytes; left > 0; ) {
      const data = await link.next();
      if (data?.kind !== "data") throw connectionLost();
      for (let at = 0; at < data.bytes.length; ) at += writeSync(descriptor, data.bytes, at);
      hash.update(data.bytes);
      left -= data.bytes.length;
    }
    if (hash.digest("hex") !== message.sha256) throw changedMeanwhile();
    renameSync(temporary, content);
  } finally {
    closeSync(descriptor);
    if (existsSync(temporary)) rmSync(temporary);
  }
}

export function connectionLost(): StudioError {
  return new StudioError({
    code: "remote.connectionLost",
    message: "The connection ended while files were sent. Nothing was changed.",
    hint: "Type the same again: what arrived is not sent twice.",
    exitCode: exitCodes.unavailable,
  });
}

function changedMeanwhile(): StudioError {
  return new StudioError({
    code: "content.changed",
    message: "A file of the project changed while it was sent. Nothing was changed on the host.",
    hint: "Let whatever writes it finish, then type the same again.",
    exitCode: exitCodes.unavailable,
  });
}
