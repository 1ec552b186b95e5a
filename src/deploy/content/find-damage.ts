import { createHash, hash } from "node:crypto";
import { type Dirent, createReadStream, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import type { StatePaths } from "../../state.ts";
import { type LocalRelease, codeFolder, releaseFolder } from "../release.ts";
import { type KeptFile, type KeptLink, digestOf } from "./content-store.ts";

/**
 * Reads all that was kept of a release and compares it with the release's record.
 * @returns what is wrong, for people; null when all is as it was
 */
export async function findDamage(paths: StatePaths, release: LocalRelease): Promise<string | null> {
  const code = codeFolder(paths, release.code.digest);
  const found = entriesBelow(code).map((entry) => {
    const file = join(entry.parentPath, entry.name);
    return { file, path: relative(code, file), isLink: entry.isSymbolicLink() };
  });
  const files = found.filter(({ isLink }) => !isLink);
  const links = found.filter(({ isLink }) => isLink);
  if (digestOf(files.map(readKept), links.map(readLink)) !== release.code.digest)
    return `files in ${code} have changed`;
  for (const { name, version, sha256, source } of release.models) {
    if (source !== "project") continue;
    const file = join(releaseFolder(paths, release.id), "models", name, version, "model.onnx");
    if ((await hashOf(file)) !== sha256) return `the model ${file} has changed`;
  }
  return null;
}

/** Not by `recursive`, which follows links: every package would be found at each of its places. */
function entriesBelow(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? entriesBelow(join(folder, entry.name)) : [entry],
  );
}

interface Found {
  file: string;
  path: string;
}

function readKept({ file, path }: Found): KeptFile {
  const content = readFileSync(file);
  return { path, bytes: content.length, sha256: hash("sha256", content) };
}

function readLink({ file, path }: Found): KeptLink {
  return { path, to: readlinkSync(file) };
}

async function hashOf(file: string): Promise<string | null> {
  const sum = createHash("sha256");
  try {
    await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), sum);
  } catch {
    return null;
  }
  return sum.digest("hex");
}
