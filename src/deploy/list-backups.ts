import { type TrashedSnapshot, listTrash } from "../backup/retention/trash.ts";
import { type SnapshotSummary, listSnapshots, readSummaries } from "../backup/summary.ts";
import type { Project } from "../config/project.ts";
import { repositoryFolder, withRepository } from "./backup-repository.ts";
import { noteBackup } from "./noted-backup.ts";
import { type View, type ViewInput, variablesOf } from "./view.ts";

export interface ListInput extends Pick<ViewInput, "env" | "onSecret"> {
  project: Project;
  now: () => Date;
}

/** The snapshots of the project's repository, oldest first. */
export async function listBackups(input: ListInput): Promise<SnapshotSummary[]> {
  const { project, env, onSecret, now } = input;
  // A folder is read without a key, whatever is wrong with the project's variables.
  const variables = repositoryFolder(project) === null ? await variablesOf(project, env) : {};
  const place = { project, variables, onSecret, desk: { now } };
  const snapshots = await withRepository(place, listSnapshots);
  const last = snapshots.findLast(
    ({ environment, damaged }) => environment === project.environment && damaged === null,
  );
  if (last !== undefined) {
    const { id, created, verification } = last;
    noteBackup(project, { id, created, verified: verification?.ok ?? null });
  }
  return snapshots;
}

export type DeletedSnapshot = SnapshotSummary & TrashedSnapshot;

/** The snapshots that were given up and can still be brought back, oldest first. */
export async function listDeletedBackups(place: View): Promise<DeletedSnapshot[]> {
  return withRepository(place, async (store) => {
    const trash = new Map((await listTrash(store)).map((one) => [one.id, one]));
    const summaries = await readSummaries(store, [...trash.keys()]);
    return summaries.flatMap((summary) => {
      const note = trash.get(summary.id);
      return note === undefined ? [] : [{ ...summary, ...note }];
    });
  });
}
