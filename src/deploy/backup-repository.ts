import { join, resolve } from "node:path";
import { readGuides } from "../backup/guides.ts";
import { localStore } from "../backup/store/local-store.ts";
import type { Store } from "../backup/store/store.ts";
import type { Project } from "../config/project.ts";
import { usageError } from "../errors.ts";
import { packageRoot } from "../package-root.ts";

type Place = Pick<Project, "settings" | "directory">;

/** Opens the backup repository of a project. */
export function openRepository(project: Place): Store {
  const { repository } = project.settings.backup;
  return openRepositoryAt(
    repository.startsWith("s3://") ? repository : resolve(project.directory, repository),
  );
}

/** @param repository an absolute folder */
export function openRepositoryAt(repository: string): Store {
  if (repository.startsWith("s3://")) {
    throw usageError(
      "backup.repository names an S3 bucket, which this version of studio cannot use.",
      "Set backup.repository to a folder.",
    );
  }
  return localStore(repository);
}

/** Where this machine keeps what it knows of repositories, and copies while they are needed. */
export function backupWorkDirectory(project: Pick<Project, "directory">): string {
  return join(project.directory, ".studio", "cache", "backup");
}

export function repositoryGuides(): Record<string, string> {
  return readGuides(join(packageRoot, "templates"));
}
