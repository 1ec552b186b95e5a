import { ModelPool, type PoolOptions } from "./model-pool.ts";
import { bundledModelsFolder } from "./models.ts";
import { ModelRepository } from "./repository/model-repository.ts";
import { type CacheLimits, createResponseCache } from "./response-cache.ts";

export interface OpenModelsOptions extends Omit<PoolOptions, "repository" | "cache"> {
  /** Absolute paths, searched before the bundled models. */
  folders: readonly string[];
  /** Absolute path. Default: that of the models that come with studio. */
  bundled?: string;
  /** For the models whose configuration says `cache: true`. Default: no cache. */
  cache?: CacheLimits | undefined;
}

/** The models of these folders, read and not yet started; a broken one is UNAVAILABLE. */
export async function openModels(options: OpenModelsOptions): Promise<ModelPool> {
  const { folders, bundled = bundledModelsFolder, cache, ...rest } = options;
  const pool = new ModelPool([], {
    ...rest,
    repository: new ModelRepository(folders, bundled),
    cache: cache === undefined ? null : await createResponseCache(cache),
  });
  await pool.discover();
  return pool;
}
