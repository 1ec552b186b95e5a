import { ModelVersion } from "./model-version.ts";
import { newestFirst } from "./repository/locate.ts";
import type { VersionContext } from "./version-contents.ts";

/** The versions of all models, and which of a model's is the default. */
export class VersionShelf {
  private readonly models = new Map<string, ModelVersion[]>();
  private readonly defaults = new Map<string, string>();
  private readonly context: VersionContext;

  constructor(context: VersionContext) {
    this.context = context;
  }

  /** The version, made when it is new. */
  enter(named: { name: string; version: string }): ModelVersion {
    const known = this.find(named.name, named.version);
    if (known !== undefined) return known;
    const entry = new ModelVersion(this.context, named);
    const versions = [...this.of(named.name), entry];
    versions.sort((one, other) => newestFirst(one.version, other.version));
    this.models.set(named.name, versions);
    return entry;
  }

  remove(name: string, version: string): void {
    const left = this.of(name).filter((one) => one.version !== version);
    if (left.length > 0) this.models.set(name, left);
    else this.models.delete(name);
  }

  /** @param version null: the highest that is ready is the default */
  setDefault(name: string, version: string | null): void {
    if (version === null) this.defaults.delete(name);
    else this.defaults.set(name, version);
  }

  find(name: string, version: string): ModelVersion | undefined {
    return this.of(name).find((one) => one.version === version);
  }

  /** The version that answers requests which name none. */
  defaultOf(name: string): ModelVersion | undefined {
    const configured = this.defaults.get(name);
    const chosen = configured === undefined ? undefined : this.find(name, configured);
    if (chosen !== undefined) return chosen;
    const versions = this.of(name);
    return (
      versions.find(({ state }) => state === "READY") ??
      versions.find(({ model }) => model !== null) ??
      versions[0]
    );
  }

  /** The versions of one model, the newest first. */
  of(name: string): readonly ModelVersion[] {
    return this.models.get(name) ?? [];
  }

  /** Every version of every model, by name. */
  all(): ModelVersion[] {
    return [...this.models.keys()].toSorted().flatMap((name) => this.of(name));
  }
}
