import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readModelConfiguration, type Label, type ModelConfiguration } from "./model-config.ts";
import { describeVersion } from "./repository/describe.ts";
import type { ModelFiles } from "./repository/hugging-face.ts";
import type { LocatedVersion } from "./repository/locate.ts";
import { manifestNames } from "./repository/manifest.ts";
import { ModelRepository } from "./repository/model-repository.ts";

export interface ModelRecord {
  name: string;
  version: string;
  /** Absolute path of the model file. */
  file: string;
  /** SHA-256 of the model file, lower-case hexadecimal. */
  sha256: string;
  /** Of the model file and of the weights that lie in files of their own. */
  bytes: number;
  /** What the model is for, e.g. "text-classification"; null when nothing says so. */
  task: string | null;
  /** What each output column means, in order. */
  labels: Label[];
  source: "project" | "bundled";
  /** Absolute path of the model's folder. */
  root: string;
  /** Absolute path of the version's folder; `root` for a model without version folders. */
  folder: string;
  /** Absolute paths of tokenizer and configurations, of a folder as Hugging Face has it. */
  files: ModelFiles;
  /** Absolute path of the manifest that the files were checked against; null without one. */
  manifest: string | null;
  /** Everything `config.yaml` says; the task of the model reads its own keys. */
  configuration: ModelConfiguration;
}

export interface ListedModel {
  name: string;
  version: string;
  source: ModelRecord["source"];
}

/** The folder of the models that come with studio, as `<name>/model.onnx` and `config.yaml`. */
export const bundledModelsFolder: string = fileURLToPath(new URL("./bundled", import.meta.url));

/** Files of a model's folder that are about all its versions. */
export const sharedModelFiles: readonly string[] = ["config.yaml", ...manifestNames];

/**
 * Reads the models to serve: of each name the versions that its configuration asks for, the newest
 * first.
 * @param folders absolute paths; a missing folder holds no models
 * @throws StudioError `model.unreadable`, `model.config` or `model.manifest` for the first that is
 * broken
 */
export async function findModels(
  folders: readonly string[],
  bundled: string,
): Promise<ModelRecord[]> {
  return await Promise.all((await servedVersions(folders, bundled)).map(describeVersion));
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
  const versions = await servedVersions(folders, bundled);
  for (const { source, folder } of versions) {
    if (source === "project") await readModelConfiguration(join(folder, "config.yaml"));
  }
  return versions.map(({ name, version, source }) => ({ name, version, source }));
}

async function servedVersions(
  folders: readonly string[],
  bundled: string,
): Promise<LocatedVersion[]> {
  const models = await new ModelRepository(folders, bundled).lookStrictly();
  return models.flatMap(({ versions, served }) =>
    versions.filter(({ version }) => served.has(version)),
  );
}
