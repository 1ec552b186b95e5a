import { type SnapshotSummary, listSnapshots } from "../backup/summary.ts";
import type { Project } from "../config/project.ts";
import { openRepository } from "./backup-repository.ts";

/** The snapshots of the project's repository, oldest first. */
export async function listBackups(project: Project): Promise<SnapshotSummary[]> {
  return listSnapshots(openRepository(project));
}
