import { join } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";
import { readModelConfiguration } from "../model-config.ts";
import { type LocatedVersion, type OnProblem, locateVersions } from "./locate.ts";

/** The versions of one model, and which of them are to be served. */
export interface RepositoryModel {
  name: string;
  /** The newest first. */
  versions: readonly LocatedVersion[];
  /** Names of the versions to serve. */
  served: ReadonlySet<string>;
  /** The version that its configuration makes the default; null: the highest that is ready. */
  defaultVersion: string | null;
}

/** A model of which nothing can be served, and why. */
export interface RepositoryProblem {
  /** Empty for a whole folder of models. */
  name: string;
  error: StudioError;
}

export interface RepositoryContent {
  models: RepositoryModel[];
  problems: RepositoryProblem[];
}

/** Folders of models, searched in order, the bundled ones last. */
export class ModelRepository {
  private readonly folders: readonly string[];
  private readonly bundled: string;

  /** @param folders absolute paths; a missing one holds no models */
  constructor(folders: readonly string[], bundled: string) {
    this.folders = folders;
    this.bundled = bundled;
  }

  /** The same text with paths as they are below the folders: callers need not know where those lie. */
  shorten(text: string): string {
    return [...this.folders, this.bundled].reduce(
      (shorter, folder) => shorter.replaceAll(`${folder}/`, ""),
      text,
    );
  }

  /** What lies there now. What is broken is among the problems and hides nothing else. */
  async look(): Promise<RepositoryContent> {
    const problems: RepositoryProblem[] = [];
    const onProblem: OnProblem = (name, error) => problems.push({ name, error });
    const located = await locateVersions(this.folders, this.bundled, onProblem);
    const groups = Object.entries(Object.groupBy(located, ({ name }) => name));
    const models: RepositoryModel[] = [];
    for (const [name, versions = []] of groups) {
      try {
        models.push(await chooseVersions(name, versions));
      } catch (error) {
        if (!(error instanceof StudioError)) throw error;
        onProblem(name, error);
      }
    }
    return { models, problems };
  }

  /** The same for readers who want all or nothing. @throws the first problem */
  async lookStrictly(): Promise<RepositoryModel[]> {
    const { models, problems } = await this.look();
    const [problem] = problems;
    if (problem !== undefined) throw problem.error;
    return models;
  }
}

async function chooseVersions(
  name: string,
  versions: readonly LocatedVersion[],
): Promise<RepositoryModel> {
  const [first] = versions;
  const all = versions.map(({ version }) => version);
  if (first === undefined || first.root === first.folder) {
    return { name, versions, served: new Set(all), defaultVersion: null };
  }
  const file = join(first.root, "config.yaml");
  const { versions: wanted = "all", defaultVersion = null } = await readModelConfiguration(file);
  const named = [...(Array.isArray(wanted) ? wanted : []), defaultVersion ?? []].flat();
  const missing = named.find((version) => !all.includes(version));
  if (missing !== undefined) throw versionMissing(file, missing, all);
  const served = new Set(Array.isArray(wanted) ? wanted : newest(all, wanted));
  if (defaultVersion !== null) served.add(defaultVersion);
  return { name, versions, served, defaultVersion };
}

function newest(versions: readonly string[], count: "all" | number): readonly string[] {
  return count === "all" ? versions : versions.slice(0, count);
}

function versionMissing(file: string, version: string, there: readonly string[]): StudioError {
  return new StudioError({
    code: "model.config",
    message: `The model configuration ${file} is not usable: it names version ${version}, and there is ${there.join(", ")}.`,
    hint: "Correct the file, or add the version.",
    exitCode: exitCodes.usage,
  });
}
