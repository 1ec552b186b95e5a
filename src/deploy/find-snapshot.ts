import { type SnapshotSummary, listSnapshots } from "../backup/summary.ts";
import { resolveIdentifier } from "../identifier.ts";
import { type RepositoryPlace, withRepository } from "./backup-repository.ts";
import type { View } from "./view.ts";

type Place = RepositoryPlace & { desk: Pick<View["desk"], "environment"> };

/** The id of the snapshot that an operator means by an id, its beginning, a name or `latest`. */
export async function findSnapshot(place: Place, text: string): Promise<string> {
  const snapshots = await withRepository(place, listSnapshots);
  const meant = text === "latest" ? ownOf(snapshots, place.desk.environment) : snapshots;
  return resolveIdentifier(
    nameToId(snapshots, text),
    meant.map((one) => one.id),
    "snapshot",
  );
}

/** Nobody means another environment's snapshot, or an imported one, where there is an own one. */
function ownOf(snapshots: readonly SnapshotSummary[], environment: string) {
  const own = snapshots.filter((one) => one.environment === environment && one.damaged === null);
  return own.length > 0 ? own : snapshots;
}

/** A snapshot may be meant by its name, too. */
export function nameToId(
  snapshots: readonly { id: string; name: string | null }[],
  text: string,
): string {
  return snapshots.findLast((one) => one.name === text)?.id ?? text;
}
