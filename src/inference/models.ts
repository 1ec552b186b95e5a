import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StudioError, exitCodes, reasonOf, systemCode } from "../errors.ts";
import { readModelConfiguration, type Label, type ModelConfiguration } from "./model-config.ts";

export interface ModelRecord {
  name: string;
  version: string;
  /** Absolute path of the model file. */
  file: string;
  /** SHA-256 of the model file, lower-case hexadecimal. */
  sha256: string;
  bytes: number;
  /** What the model is for, e.g. "language"; null when its configuration does not say. */
  task: string | null;
  /** What each output column means, in order. */
  labels: Label[];
  source: "project" | "bundled";
  /** Everything `config.yaml` says; the task of the model reads its own keys. */
  configuration: ModelConfiguration;
}

export interface ListedModel {
  name: string;
  /** Null for a bundled model: its configuration says which. */
  version: string | null;
  source: ModelRecord["source"];
}

interface Candidate extends ListedModel {
  folder: string;
}

/** The folder of the models that come with studio, as `<name>/model.onnx` and `config.yaml`. */
export const bundledModelsFolder: string = fileURLToPath(new URL("./bundled", import.meta.url));

const modelFile = "model.onnx";

/** Hidden folders are none: they hold what is being copied or was put aside. */
const nameOfModel = /^[A-Za-z0-9][\w.-]*$/;

/**
 * Finds the models to serve: `<folder>/<name>/<version>/model.onnx` in the given folders, the
 * first folder that has a name winning and of several versions the highest, then the bundled ones
 * whose names are still free.
 * @param folders absolute paths; a missing folder holds no models
 * @throws StudioError `model.unreadable` or `model.config`
 */
export async function findModels(
  folders: readonly string[],
  bundled: string,
): Promise<ModelRecord[]> {
  return await Promise.all((await findCandidates(folders, bundled)).map(describe));
}

/**
 * The models that `findModels` would find, without reading them: large files take long to hash.
 * The configurations of the project's own are checked.
 * @throws StudioError `model.unreadable` or `model.config`
 */
export async function listModels(
  folders: readonly string[],
  bundled: string,
): Promise<ListedModel[]> {
  const candidates = await findCandidates(folders, bundled);
  for (const { source, folder } of candidates) {
    if (source === "project") await readModelConfiguration(join(folder, "config.yaml"));
  }
  return candidates.map(({ name, version, source }) => ({ name, version, source }));
}

async function findCandidates(folders: readonly string[], bundled: string): Promise<Candidate[]> {
  const found = new Map<string, Candidate>();
  for (const folder of folders) {
    for (const name of await subfolders(folder)) {
      const candidate = await highestVersion(join(folder, name), name);
      if (candidate !== null && !found.has(name)) found.set(name, candidate);
    }
  }
  for (const name of await subfolders(bundled)) {
    const folder = join(bundled, name);
    const present = (await sizeOf(join(folder, modelFile))) !== null;
    if (!present || found.has(name)) continue;
    found.set(name, { name, version: null, folder, source: "bundled" });
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function highestVersion(folder: string, name: string): Promise<Candidate | null> {
  const order = new Intl.Collator("en", { numeric: true });
  const versions = (await subfolders(folder)).toSorted((one, other) => order.compare(other, one));
  for (const version of versions) {
    if ((await sizeOf(join(folder, version, modelFile))) === null) continue;
    return { name, version, folder: join(folder, version), source: "project" };
  }
  return null;
}

async function describe({ name, version, folder, source }: Candidate): Promise<ModelRecord> {
  const file = join(folder, modelFile);
  const configuration = await readModelConfiguration(join(folder, "config.yaml"));
  const bytes = await sizeOf(file);
  if (bytes === null || bytes === 0) throw unreadable(file, "the file is empty");
  return {
    name,
    version: version ?? configuration.version ?? "0",
    file,
    sha256: await hashFile(file),
    bytes,
    task: configuration.task ?? null,
    labels: configuration.labels ?? [],
    source,
    configuration,
  };
}

async function subfolders(folder: string): Promise<string[]> {
  try {
    const folders: string[] = [];
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!nameOfModel.test(entry.name)) continue;
      // A model's folder may be a link; what such a link points at shows when it is read.
      if (entry.isDirectory() || entry.isSymbolicLink()) folders.push(entry.name);
    }
    return folders;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
    throw unreadable(folder, reasonOf(error), error);
  }
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    const entry = await stat(file);
    return entry.isFile() ? entry.size : null;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return null;
    throw unreadable(file, reasonOf(error), error);
  }
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  } catch (error) {
    throw unreadable(file, reasonOf(error), error);
  }
  return hash.digest("hex");
}

function unreadable(path: string, reason: string, cause?: unknown): StudioError {
  return new StudioError({
    code: "model.unreadable",
    message: `The model ${path} cannot be read: ${reason}.`,
    hint: "Mend or remove it; a model is a folder <models>/<name>/<version> with model.onnx.",
    exitCode: exitCodes.usage,
    cause,
  });
}
