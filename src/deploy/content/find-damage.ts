import { createHash, hash } from "node:crypto";
import { createReadStream, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import type { StatePaths } from "../../state.ts";
import { type ReleaseRecord, codeFolder, releaseFolder } from "../release.ts";
import { digestOf } from "./content-store.ts";

/**
 * Reads all that was kept of a release and compares it with the release's record.
 * @returns what is wrong, for people; null when all is as it was
 */
export async function findDamage(
  paths: StatePaths,
  release: ReleaseRecord,
): Promise<string | null> {
  const code = codeFolder(paths, release.code.digest);
  const files = filesBelow(code).map((file) => {
    const content = readFileSync(file);
    const path = relative(code, file);
    return { path, bytes: content.length, sha256: hash("sha256", content) };
  });
  if (digestOf(files) !== release.code.digest) return `files in ${code} have changed`;
  for (const { name, version, sha256, source } of release.models) {
    if (source !== "project") continue;
    const file = join(releaseFolder(paths, release.id), "models", name, version, "model.onnx");
    if ((await hashOf(file)) !== sha256) return `the model ${file} has changed`;
  }
  return null;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
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
