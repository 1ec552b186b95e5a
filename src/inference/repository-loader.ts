import { InferenceError } from "./inference-error.ts";
import { stampVersion } from "./repository/describe.ts";
import type { LocatedVersion } from "./repository/locate.ts";
import type { ModelRepository, RepositoryModel } from "./repository/model-repository.ts";
import type { VersionShelf } from "./version-shelf.ts";

/** Brings what lies in a repository onto the shelf. */
export class RepositoryLoader {
  private readonly shelf: VersionShelf;
  private readonly repository: ModelRepository;
  /** Stamps of the last look, by name and version. */
  private seen = new Map<string, string>();

  constructor(shelf: VersionShelf, repository: ModelRepository) {
    this.shelf = shelf;
    this.repository = repository;
  }

  /** Reads everything that is to be served; nothing is loaded yet. */
  async discover(): Promise<void> {
    const { models, problems } = await this.repository.look();
    for (const { name, error } of problems) this.shelf.enter({ name, version: "" }).refuse(error);
    await Promise.all(
      models.flatMap((model) => {
        this.shelf.setDefault(model.name, model.defaultVersion);
        return servedOf(model).map((located) => this.shelf.enter(located).prepare(located));
      }),
    );
    for (const version of this.shelf.all()) version.required = true;
  }

  /**
   * Loads what there is now of a model, or of one of its versions. Without a version, those that
   * the configuration no longer asks for are unloaded.
   * @param always also where nothing has changed
   * @throws InferenceError `model.unknown`, `model.unloadable` or `model.memory`
   */
  async load(name: string, version: string | undefined, always: boolean): Promise<void> {
    const model = await this.look(name, version);
    const wanted =
      version === undefined
        ? servedOf(model)
        : model.versions.filter((one) => one.version === version);
    if (wanted.length === 0) throw unknownModel(name, version);
    if (version === undefined) await this.unloadOthers(model);
    const results = await Promise.allSettled(wanted.map((located) => this.take(located, always)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  /**
   * Loads what is new or has changed. A version counts only when its files are as the look before
   * saw them: they may be in the middle of being written. What is gone goes on being served.
   */
  async refresh(): Promise<void> {
    const { models, problems } = await this.repository.look();
    for (const { name, error } of problems) {
      if (this.shelf.of(name).length === 0) this.shelf.enter({ name, version: "" }).refuse(error);
    }
    const before = this.seen;
    this.seen = new Map();
    for (const model of models) {
      this.shelf.setDefault(model.name, model.defaultVersion);
      for (const located of servedOf(model)) {
        const { name, version } = located;
        const key = `${name}/${version}`;
        const stamp = await stampVersion(located);
        this.seen.set(key, stamp);
        const entry = this.shelf.find(name, version);
        if (entry?.unloaded === true || entry?.stamp === stamp) continue;
        // Its reason tells what is wrong; it is tried again once the files change again.
        if (before.get(key) === stamp) await this.take(located, false).catch(() => undefined);
      }
    }
  }

  private async look(name: string, version: string | undefined): Promise<RepositoryModel> {
    const { models, problems } = await this.repository.look();
    const problem = problems.find((one) => one.name === name);
    if (problem !== undefined) {
      const reason = this.repository.shorten(problem.error.message);
      throw new InferenceError("model.unloadable", reason, problem.error.hint);
    }
    const model = models.find((one) => one.name === name);
    if (model === undefined) throw unknownModel(name, version);
    this.shelf.setDefault(name, model.defaultVersion);
    return model;
  }

  private async unloadOthers({ name, versions, served }: RepositoryModel): Promise<void> {
    const left = versions.filter(({ version }) => !served.has(version));
    const entries = left.flatMap(({ version }) => this.shelf.find(name, version) ?? []);
    await Promise.all(entries.map((entry) => entry.unload()));
  }

  private async take(located: LocatedVersion, always: boolean): Promise<void> {
    // Stands for a model that was broken as a whole, and no longer is.
    this.shelf.remove(located.name, "");
    await this.shelf.enter(located).load(located, always);
  }
}

export function unknownModel(name: string, version: string | undefined): InferenceError {
  return new InferenceError(
    "model.unknown",
    `There is no model "${name}"${version === undefined ? "" : ` of version ${version}`}.`,
    "`studio model list` shows those that there are.",
  );
}

function servedOf({ versions, served }: RepositoryModel): LocatedVersion[] {
  return versions.filter(({ version }) => served.has(version));
}
