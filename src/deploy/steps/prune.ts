import { listReleases, removeRelease } from "../../ledger/releases.ts";
import { type Step, nothingToProbe, nothingToUndo } from "../../operation/step.ts";
import { openRepository } from "../backup-repository.ts";
import type { DeployWork } from "../deploy-input.ts";
import type { ReleaseRecord } from "../release.ts";
import { discardRelease } from "../release-content.ts";

/** Removes releases beyond `deploy.keepReleases`, and snapshots that the retention lets go. */
export function pruneStep(work: DeployWork): Step {
  const { place } = work;
  return {
    id: "prune",
    title: "Remove old releases and snapshots",
    kind: "final",
    probe: nothingToProbe,
    undo: nothingToUndo,
    async do(run) {
      const released = await run.effect("releases", () => pruneReleases(work));
      const { retention } = place.project.settings.backup;
      const { pruneSnapshots } = await import("../../backup/retention/prune.ts");
      const report = await run.effect("snapshots", () =>
        pruneSnapshots({
          store: openRepository(place.project),
          retention,
          now: () => place.desk.now(),
          plan: false,
          keep: [work.input.snapshot],
          lockWait: 60_000,
        }),
      );
      return { releases: released, snapshots: report.trashed };
    },
  };
}

function pruneReleases({ ledger, place }: DeployWork): string[] {
  const { environment, paths } = place.desk;
  const rows = listReleases(ledger, environment);
  const kept = new Set(
    rows
      .toSorted((a, b) => Number(a.status === "former") - Number(b.status === "former"))
      .slice(0, Math.max(1, place.project.settings.deploy.keepReleases))
      .map((row) => row.id),
  );
  const digests = new Set(
    rows.filter((row) => kept.has(row.id)).map((row) => (row.record as ReleaseRecord).code.digest),
  );
  const removed = rows.filter((row) => !kept.has(row.id)).map((row) => row.id);
  for (const id of removed) {
    discardRelease(paths, id, digests);
    removeRelease(ledger, id);
  }
  return removed;
}
