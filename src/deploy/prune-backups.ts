import { type PruneReport, pruneSnapshots } from "../backup/retention/prune.ts";
import { withRepository } from "./backup-repository.ts";
import type { Workplace } from "./workplace.ts";

/** @param retentionDays keep so many dailies instead of what the configuration says */
export async function pruneBackups(
  place: Workplace,
  plan: boolean,
  retentionDays: number | null,
): Promise<PruneReport> {
  const { retention } = place.project.settings.backup;
  return withRepository(place, (store) =>
    pruneSnapshots({
      store,
      retention: retentionDays === null ? retention : { ...retention, daily: retentionDays },
      now: () => place.desk.now(),
      plan,
      lockWait: 60_000,
    }),
  );
}
