import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readModelConfiguration } from "../model-config.ts";
import type { ModelRecord } from "../models.ts";
import { weightBytesBeside } from "../onnx/weight-files.ts";
import { huggingFaceNames, readHuggingFace } from "./hugging-face.ts";
import { type LocatedVersion, sizeOf, unreadable } from "./locate.ts";
import { checkManifest, hashFile, manifestNames, readManifest } from "./manifest.ts";
import { stampFiles } from "./stamp.ts";

/**
 * Reads a version: its configuration (the version's own keys before those of the model's folder),
 * hash and manifest.
 * @throws StudioError `model.unreadable`, `model.config` or `model.manifest`
 */
export async function describeVersion(located: LocatedVersion): Promise<ModelRecord> {
  const { name, version, source, root, folder, file } = located;
  const configuration = {
    ...(root === folder ? {} : await readModelConfiguration(join(root, "config.yaml"))),
    ...(await readModelConfiguration(join(folder, "config.yaml"))),
  };
  const bytes = await sizeOf(file);
  if (bytes === null || bytes === 0) throw unreadable(file, "the file is empty");
  const facts = await readHuggingFace(folder);
  const manifest = await readManifest(folder, root);
  const sha256 = await hashFile(file);
  if (manifest !== null) await checkManifest(manifest, file, new Map([[file, sha256]]));
  return {
    name,
    version,
    file,
    sha256,
    bytes: bytes + (await weightBytesBeside(file)),
    task: configuration.task ?? facts.task,
    labels: configuration.labels ?? facts.labels,
    source,
    root,
    folder,
    files: facts.files,
    manifest: manifest?.file ?? null,
    configuration,
  };
}

/** A text that differs once any file has changed on which the version's record depends. */
export async function stampVersion({ root, folder, file }: LocatedVersion): Promise<string> {
  const beside = ["config.yaml", ...manifestNames];
  return await stampFiles([
    file,
    ...(await filesBeside(file)),
    ...[...new Set([folder, root])].flatMap((place) => beside.map((name) => join(place, name))),
    ...huggingFaceNames.map((name) => join(folder, name)),
  ]);
}

/** Any of them may hold weights: to know which do, the model would have to be read each time. */
async function filesBeside(file: string): Promise<string[]> {
  const entries = await readdir(dirname(file), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => join(dirname(file), entry.name))
    .toSorted();
}
