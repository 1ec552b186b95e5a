import { listSnapshots } from "../backup/summary.ts";
import { type StudioError, reasonOf, usageError } from "../errors.ts";
import { type Step, nothingToProbe, nothingToUndo } from "../operation/step.ts";
import { withRepository } from "./backup-repository.ts";
import type { ReleaseRecord } from "./release.ts";
import type { VolumesFound } from "./target.ts";
import type { View } from "./view.ts";
import type { Workplace } from "./workplace.ts";

/** What `down --volumes` would remove for good, and what there is to go back to. */
export interface VolumesPlan extends VolumesFound {
  /** The newest snapshot with the database that was read back; null where there is none. */
  backup: { id: string; created: string } | null;
  /** Why nobody knows that; null where it is known. */
  backupUnread: string | null;
}

/** @throws StudioError (exit 2) where there are no volumes, or others use one of them */
export async function planVolumes(place: View, release: ReleaseRecord): Promise<VolumesPlan> {
  const found = await place.target.volumes?.(release);
  if (found === undefined) throw noVolumes(place);
  return { ...found, ...(await newestBackup(place)) };
}

/** @throws StudioError (exit 2) on a target that has no volumes */
export function requireVolumes(place: View): void {
  if (place.target.volumes === undefined) throw noVolumes(place);
}

function noVolumes({ desk, target }: View): StudioError {
  return usageError(
    `"${desk.environment}" has no volumes: on the target "${target.kind}" a release is processes of this machine. Nothing was changed.`,
    `\`studio down\` ends it. What it has stored lies in ${desk.paths.data}, which is yours to remove.`,
  );
}

async function newestBackup(place: View): Promise<Pick<VolumesPlan, "backup" | "backupUnread">> {
  try {
    const snapshots = await withRepository(place, listSnapshots);
    const newest = snapshots.findLast(
      ({ environment, damaged, databases, verification }) =>
        environment === place.desk.environment &&
        damaged === null &&
        databases.length > 0 &&
        verification?.ok === true,
    );
    const backup = newest === undefined ? null : { id: newest.id, created: newest.created };
    return { backup, backupUnread: null };
  } catch (error) {
    return { backup: null, backupUnread: reasonOf(error) };
  }
}

/** Once it began there is nothing to return to, so it comes after all that can be undone. */
export function volumesStep({ target }: Workplace, names: readonly string[]): Step {
  return {
    id: "volumes",
    title: `Remove for good: ${names.join(", ")}`,
    kind: "final",
    probe: nothingToProbe,
    undo: nothingToUndo,
    async do(run) {
      const gone = await target.removeVolumes?.(run, names);
      for (const { name, reason } of gone?.left ?? [])
        run.note(`${name} is still there: ${reason}`);
      return gone;
    },
  };
}
