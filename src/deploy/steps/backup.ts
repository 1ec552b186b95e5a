import type { SnapshotReport } from "../../backup/create/create.ts";
import { StudioError, exitCodes } from "../../errors.ts";
import type { Reach } from "../../operation/faults.ts";
import type { Step, StepRun } from "../../operation/step.ts";
import { backupWorkDirectory, withRepository } from "../backup-repository.ts";
import type { DeployWork } from "../deploy-input.ts";

/** Backs up what exists and reads the snapshot back; one that was not read back does not count. */
export function backupStep(work: DeployWork, when: "before" | "after"): Step {
  const { place, input } = work;
  return {
    id: when === "before" ? "backup" : "first-backup",
    title: `Back up the database and files, and read the snapshot back`,
    skip: () => skipReason(work, when),
    async probe() {
      const { listSnapshots } = await import("../../backup/summary.ts");
      const snapshots = await withRepository(place, listSnapshots);
      const own = snapshots.find((snapshot) => snapshot.id === input.snapshot);
      return own?.verification?.ok === true ? "done" : "partial";
    },
    async do(run) {
      const report = await run.effect("snapshot", (reach) => takeOnce(work, when, run, reach));
      if (report === null) return { snapshot: input.snapshot };
      for (const { path, reason } of report.skipped) run.note(`Not backed up: ${path} (${reason})`);
      const { files, bytes } = report.snapshot.counts;
      return { snapshot: input.snapshot, files, bytes, added: report.added };
    },
    // A snapshot harms nobody: it is kept even when the deploy is undone. A part of one goes.
    undo: (run) => run.effect("unfinished", () => removeParts(work)),
  };
}

/** Null where a process that died had completed it: what is listed was read back. */
async function takeOnce(
  { place, input, previous, release }: DeployWork,
  when: "before" | "after",
  run: StepRun,
  reach: Reach,
): Promise<SnapshotReport | null> {
  const id = input.snapshot;
  const { listSnapshots } = await import("../../backup/summary.ts");
  const snapshots = await withRepository(place, listSnapshots);
  if (snapshots.some((snapshot) => snapshot.id === id)) return null;
  const { takeSnapshot } = await import("../take-snapshot.ts");
  const current = previous?.id ?? (when === "after" ? release.id : null);
  const { signal, note, say, child: onStart } = run;
  return takeSnapshot({
    place,
    set: "full",
    id,
    release: current,
    signal,
    reach,
    note,
    say,
    onStart,
  });
}

async function removeParts({ place }: DeployWork): Promise<void> {
  const { removeUnfinished } = await import("../../backup/unfinished.ts");
  const workDirectory = backupWorkDirectory(place.project);
  try {
    await withRepository(place, (store) =>
      removeUnfinished(store, () => place.desk.now(), workDirectory),
    );
  } catch (error) {
    // Whoever uses the repository by now removed them when it began.
    if (!(error instanceof StudioError && error.exitCode === exitCodes.locked)) throw error;
  }
}

function skipReason({ input }: DeployWork, when: "before" | "after"): string | null {
  if (input.skip.backup) return "--skip-backup was given";
  if (when === "before" && input.first) return "nothing exists yet; taken after migrating";
  if (when === "after" && !input.first) return "taken before migrating";
  return null;
}
