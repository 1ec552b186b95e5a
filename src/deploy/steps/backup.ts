import type { SnapshotReport } from "../../backup/create.ts";
import { StudioError, exitCodes } from "../../errors.ts";
import type { Reach } from "../../operation/faults.ts";
import type { Step, StepRun } from "../../operation/step.ts";
import { repositoryOf } from "../backup-repository.ts";
import type { DeployWork } from "../deploy-input.ts";

/** Backs up what exists and reads the snapshot back; one that was not read back does not count. */
export function backupStep(work: DeployWork, when: "before" | "after"): Step {
  const { place, input } = work;
  const repository = repositoryOf(place.project);
  return {
    id: when === "before" ? "backup" : "first-backup",
    title: `Back up the database and files, and read the snapshot back`,
    skip: () => skipReason(work, when),
    async probe() {
      const { listSnapshots } = await import("../../backup/summary.ts");
      const snapshots = await listSnapshots(repository);
      const own = snapshots.find((snapshot) => snapshot.id === input.snapshot);
      return own?.verification?.ok === true ? "done" : "partial";
    },
    async do(run) {
      const { skipped, verification } = await run.effect("snapshot", (reach) =>
        takeOrVerify(work, when, run, reach),
      );
      for (const { path, reason } of skipped) run.note(`Not backed up: ${path} (${reason})`);
      const { ok, problems, members, bytes } = verification;
      if (!ok) {
        throw new StudioError({
          code: "backup.unverified",
          message: `Snapshot ${input.snapshot} could not be read back: ${problems.join(" ")}`,
          hint: "Check the disk of the repository, then deploy again.",
          exitCode: exitCodes.undone,
        });
      }
      return { snapshot: input.snapshot, members, bytes };
    },
    // A snapshot harms nobody: it is kept even when the deploy is undone. A part of one goes.
    undo: (run) => run.effect("unfinished", () => removeParts(work)),
  };
}

/** A process that died after writing the whole snapshot has left it to be read back. */
async function takeOrVerify(
  { place, input, previous, release }: DeployWork,
  when: "before" | "after",
  run: StepRun,
  reach: Reach,
): Promise<Pick<SnapshotReport, "skipped" | "verification">> {
  const id = input.snapshot;
  const repository = repositoryOf(place.project);
  const { listSnapshots } = await import("../../backup/summary.ts");
  const snapshots = await listSnapshots(repository);
  if (!snapshots.some((snapshot) => snapshot.id === id)) {
    const { takeSnapshot } = await import("../take-snapshot.ts");
    const current = previous?.id ?? (when === "after" ? release.id : null);
    const { signal, note } = run;
    return takeSnapshot({ place, set: "full", id, release: current, signal, reach, note });
  }
  const { verifySnapshot } = await import("../../backup/verify.ts");
  const { signal } = run;
  const now = () => place.desk.now();
  return { skipped: [], verification: await verifySnapshot({ repository, id, now, signal }) };
}

async function removeParts({ place }: DeployWork): Promise<void> {
  const { removeUnfinished } = await import("../../backup/unfinished.ts");
  try {
    await removeUnfinished(repositoryOf(place.project), () => place.desk.now());
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
