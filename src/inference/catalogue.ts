import { ModelRepository, type RepositoryProblem } from "./repository/model-repository.ts";
import { type LocatedVersion, sizeOf } from "./repository/locate.ts";
import { unknownModel } from "./repository-loader.ts";

/** A version as it lies in its folder. */
export interface CatalogueEntry extends LocatedVersion {
  /** Of the model file. */
  bytes: number;
  /** False for a version that the model's configuration leaves out. */
  served: boolean;
  /** It answers requests that name no version: as configured, or the highest. */
  isDefault: boolean;
}

export interface Catalogue {
  entries: CatalogueEntry[];
  problems: RepositoryProblem[];
}

/** What there is to serve, by name, the newest version first; no model file is read. */
export async function readCatalogue(
  folders: readonly string[],
  bundled: string,
): Promise<Catalogue> {
  const { models, problems } = await new ModelRepository(folders, bundled).look();
  const entries: CatalogueEntry[] = [];
  for (const { versions, served, defaultVersion } of models) {
    const first = versions.find(({ version }) => served.has(version));
    for (const located of versions) {
      const { version, file } = located;
      entries.push({
        ...located,
        bytes: (await sizeOf(file)) ?? 0,
        served: served.has(version),
        isDefault: version === (defaultVersion ?? first?.version),
      });
    }
  }
  return { entries, problems };
}

/**
 * The versions of one model, or one of them.
 * @throws InferenceError `model.unknown`, or the StudioError of a model that is broken as a whole
 */
export function chooseEntries(
  { entries, problems }: Catalogue,
  name: string,
  version?: string,
): [CatalogueEntry, ...CatalogueEntry[]] {
  const problem = problems.find((one) => one.name === name);
  if (problem !== undefined) throw problem.error;
  const [first, ...others] = entries.filter(
    (entry) => entry.name === name && entry.version === (version ?? entry.version),
  );
  if (first === undefined) throw unknownModel(name, version);
  return [first, ...others];
}
