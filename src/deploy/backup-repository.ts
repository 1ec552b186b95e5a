import { join, resolve } from "node:path";
import { readGuides } from "../backup/guides.ts";
import { localStore } from "../backup/store/local-store.ts";
import type { Store } from "../backup/store/store.ts";
import type { Project } from "../config/project.ts";
import { packageRoot } from "../package-root.ts";
import type { View } from "./view.ts";

type Place = Pick<Project, "settings" | "directory">;

/** What is needed to open the backup repository of a project. */
export interface RepositoryPlace extends Pick<View, "variables" | "onSecret"> {
  project: Place;
  desk: Pick<View["desk"], "now"> & { signal?: AbortSignal };
}

/** Opens the backup repository for an action, and closes it however the action ends. */
export async function withRepository<T>(
  place: RepositoryPlace,
  action: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await openRepository(place);
  try {
    return await action(store);
  } finally {
    await store.close();
  }
}

async function openRepository(place: RepositoryPlace): Promise<Store> {
  const folder = repositoryFolder(place.project);
  if (folder !== null) return localStore(folder);
  const { openBucketRepository } = await import("./bucket-repository.ts");
  return openBucketRepository(place);
}

/** The absolute folder of the backup repository; null where it is in a bucket. */
export function repositoryFolder({ settings, directory }: Place): string | null {
  const { repository } = settings.backup;
  return repository.startsWith("s3://") ? null : resolve(directory, repository);
}

/** Where this machine keeps what it knows of repositories, and copies while they are needed. */
export function backupWorkDirectory(project: Pick<Project, "directory">): string {
  return join(project.directory, ".studio", "cache", "backup");
}

export function repositoryGuides(): Record<string, string> {
  return readGuides(join(packageRoot, "templates"));
}
