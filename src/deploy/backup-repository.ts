import { resolve } from "node:path";
import type { Project } from "../config/project.ts";
import { usageError } from "../errors.ts";

/** Absolute folder of the backup repository. */
export function repositoryOf(project: Pick<Project, "settings" | "directory">): string {
  const { repository } = project.settings.backup;
  if (repository.startsWith("s3://")) {
    throw usageError(
      "backup.repository names an S3 bucket, which this version of studio cannot use.",
      "Set backup.repository to a folder.",
    );
  }
  return resolve(project.directory, repository);
}
