import { listSnapshots } from "../../backup/summary.ts";
import { type Step, nothingToUndo } from "../../operation/step.ts";
import { openRepository } from "../backup-repository.ts";
import type { DeployWork } from "../deploy-input.ts";

/** Backs up what exists and reads the snapshot back; one that was not read back does not count. */
export function backupStep(work: DeployWork, when: "before" | "after"): Step {
  const { place, input } = work;
  const repository = openRepository(place.project);
  return {
    id: when === "before" ? "backup" : "first-backup",
    title: `Back up the database and files, and read the snapshot back`,
    skip: () => skipReason(work, when),
    async probe() {
      const snapshots = await listSnapshots(repository);
      const own = snapshots.find((snapshot) => snapshot.id === input.snapshot);
      return own?.verification?.ok === true ? "done" : "partial";
    },
    async do(run) {
      const { takeSnapshot } = await import("../take-snapshot.ts");
      const report = await run.effect("snapshot", () =>
        takeSnapshot({
          place,
          set: "full",
          id: input.snapshot,
          release: work.previous?.id ?? (when === "after" ? work.release.id : null),
          signal: run.signal,
          say: run.say,
        }),
      );
      for (const { path, reason } of report.skipped) run.note(`Not backed up: ${path} (${reason})`);
      const { files, bytes } = report.snapshot.counts;
      return { snapshot: input.snapshot, files, bytes, added: report.added };
    },
    // A snapshot harms nobody: it is kept even when the deploy is undone.
    undo: nothingToUndo,
  };
}

function skipReason({ input }: DeployWork, when: "before" | "after"): string | null {
  if (input.skip.backup) return "--skip-backup was given";
  if (when === "before" && input.first) return "nothing exists yet; taken after migrating";
  if (when === "after" && !input.first) return "taken before migrating";
  return null;
}
