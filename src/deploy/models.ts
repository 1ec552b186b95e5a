import type { Project } from "../config/project.ts";
import { StudioError, exitCodes, systemCode, usageError } from "../errors.ts";
import {
  type Catalogue,
  type CatalogueEntry,
  chooseEntries,
  readCatalogue,
} from "../inference/catalogue.ts";
import type { ModelInspection } from "../inference/inspect-model.ts";
import { bundledModelsFolder } from "../inference/models.ts";
import type { PullReport } from "../inference/pull/pull-model.ts";
import type { VersionVerdict } from "../inference/verify-model.ts";
import { modelFolders } from "./project-folders.ts";

export interface NamedVersion {
  name: string;
  /** Absent: the default one to inspect, all that are served to verify. */
  version?: string | undefined;
}

/** The models of the project and those that come with studio. */
export async function listModels(project: Project): Promise<Catalogue> {
  return await readCatalogue(modelFolders(project), bundledModelsFolder);
}

/** @throws StudioError (exit 2) when there is no such version, or it cannot be read */
export async function inspectModel(
  project: Project,
  { name, version }: NamedVersion,
): Promise<ModelInspection> {
  const found = choose(await listModels(project), name, version);
  const [first] = found;
  const entry = found.find(({ isDefault }) => isDefault) ?? first;
  const { inspectVersion } = await import("../inference/inspect-model.ts");
  return await inspectVersion(entry);
}

/**
 * Hashes and loads the versions that are served, or those named, one after the other. A model that
 * is broken as a whole has a verdict without a version.
 */
export async function verifyModels(
  project: Project,
  named: NamedVersion | null,
  options: { signal: AbortSignal; say: (text: string) => void },
): Promise<VersionVerdict[]> {
  const { verifyVersion } = await import("../inference/verify-model.ts");
  const catalogue = await listModels(project);
  const entries =
    named === null
      ? catalogue.entries.filter(({ served }) => served)
      : choose(catalogue, named.name, named.version);
  const verdicts: VersionVerdict[] = [];
  for (const { name, error } of named === null ? catalogue.problems : []) {
    const nothing = { sha256: null, manifest: null, loaded: null };
    verdicts.push({ name, version: "", ok: false, ...nothing, reason: error.message });
  }
  for (const entry of entries) {
    options.signal.throwIfAborted();
    options.say(`${entry.name} ${entry.version}`);
    verdicts.push(await verifyVersion(entry));
  }
  return verdicts;
}

export interface PullRequest {
  /** Absolute path, or an http(s) URL. */
  from: string;
  name?: string | undefined;
  version?: string | undefined;
  sha256?: string | undefined;
  maximumBytes: number;
}

/** Fetches a model into the first of the project's folders of models. @throws as `pullModel` */
export async function pullModel(
  project: Project,
  request: PullRequest,
  options: { signal: AbortSignal; say: (text: string) => void },
): Promise<PullReport> {
  const pull = await import("../inference/pull/pull-model.ts");
  const [folder] = modelFolders(project);
  if (folder === undefined) throw usageError("serve.models names no folder to put a model into.");
  return await pull.pullModel({ ...request, ...options, folder });
}

function choose(
  catalogue: Catalogue,
  name: string,
  version: string | undefined,
): [CatalogueEntry, ...CatalogueEntry[]] {
  try {
    return chooseEntries(catalogue, name, version);
  } catch (error) {
    if (systemCode(error) !== "model.unknown") throw error;
    const { code, message, hint } = error as StudioError;
    throw new StudioError({ code, message, hint, exitCode: exitCodes.usage });
  }
}
