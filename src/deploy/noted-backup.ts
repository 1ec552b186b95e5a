import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "../config/project.ts";
import { replaceFile } from "../replace-file.ts";
import { backupWorkDirectory, repositoryFolder } from "./backup-repository.ts";

type Place = Pick<Project, "settings" | "directory" | "environment">;

export interface NotedBackup {
  id: string;
  /** ISO 8601, UTC. */
  created: string;
  /** Whether it was found whole when it was last read; null where it never was. */
  verified: boolean | null;
}

/**
 * Notes the last snapshot that was taken or seen from here, for those who must not wait for the
 * network. A repository in a folder needs no note.
 */
export function noteBackup(project: Place, backup: NotedBackup): void {
  if (repositoryFolder(project) !== null) return;
  const file = fileOf(project);
  const { repository } = project.settings.backup;
  mkdirSync(backupWorkDirectory(project), { recursive: true, mode: 0o700 });
  replaceFile(file, `${JSON.stringify({ repository, ...backup })}\n`, { flush: false });
}

/** What was noted of the environment's repository; null where nothing was. */
export function readNotedBackup(project: Place): NotedBackup | null {
  try {
    const note = JSON.parse(readFileSync(fileOf(project), "utf8")) as NotedBackup &
      Record<string, unknown>;
    const { repository, id, created, verified } = note;
    return repository === project.settings.backup.repository ? { id, created, verified } : null;
  } catch {
    // Without a note, or with one that was damaged, nothing is known.
    return null;
  }
}

function fileOf(project: Place): string {
  return join(backupWorkDirectory(project), `last-${project.environment}.json`);
}
