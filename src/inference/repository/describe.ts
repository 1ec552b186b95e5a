import { dirname, join } from "node:path";
import { readModelConfiguration } from "../model-config.ts";
import type { ModelRecord } from "../models.ts";
import { huggingFaceNames, readHuggingFace } from "./hugging-face.ts";
import { type LocatedVersion, sizeOf, unreadable } from "./locate.ts";
import { checkManifest, hashFile, manifestNames, readManifest } from "./manifest.ts";
import { stampFiles } from "./stamp.ts";

/** Files with the weights of models that are larger than a protobuf may be. */
const externalData = ["model.onnx_data", "model.onnx.data"];

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
    bytes: bytes + (await externalBytes(file)),
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
    ...externalData.map((name) => join(dirname(file), name)),
    ...[...new Set([folder, root])].flatMap((place) => beside.map((name) => join(place, name))),
    ...huggingFaceNames.map((name) => join(folder, name)),
  ]);
}

async function externalBytes(file: string): Promise<number> {
  let bytes = 0;
  for (const name of externalData) bytes += (await sizeOf(join(dirname(file), name))) ?? 0;
  return bytes;
}
