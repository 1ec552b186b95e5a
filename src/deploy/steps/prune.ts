import { listReleases, removeRelease } from "../../ledger/releases.ts";
import { type Step, nothingToProbe, nothingToUndo } from "../../operation/step.ts";
import { withRepository } from "../backup-repository.ts";
import type { Reach } from "../../operation/faults.ts";
import { observedStore } from "../observed-store.ts";
import type { DeployWork } from "../deploy-input.ts";
import { recordsInUse } from "../records-in-use.ts";

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
      const released = await run.effect("releases", (reach) => pruneReleases(work, reach));
      const { retention } = place.project.settings.backup;
      const { pruneSnapshots } = await import("../../backup/retention/prune.ts");
      const report = await run.effect("snapshots", (reach) =>
        withRepository(place, (store) =>
          pruneSnapshots({
            store: observedStore(store, reach),
            retention,
            now: () => place.desk.now(),
            plan: false,
            keep: [work.input.snapshot],
            lockWait: 60_000,
          }),
        ),
      );
      return { releases: released, snapshots: report.trashed };
    },
  };
}

async function pruneReleases({ ledger, place }: DeployWork, reach: Reach): Promise<string[]> {
  const { environment } = place.desk;
  const rows = listReleases(ledger, environment)
    .toSorted((a, b) => Number(a.status === "former") - Number(b.status === "former"))
    .map(({ id }) => id);
  const removed = rows.slice(Math.max(1, place.project.settings.deploy.keepReleases));
  const others = recordsInUse(ledger, new Set(removed));
  for (const id of removed) {
    await place.target.releases.discard(id, others, reach);
    removeRelease(ledger, id);
    reach("release-removed");
  }
  return removed;
}
