import { listSnapshots } from "../backup/summary.ts";
import { resolveIdentifier } from "../identifier.ts";
import { type RepositoryPlace, withRepository } from "./backup-repository.ts";

/** The id of the snapshot that an operator means by an id, its beginning, a name or `latest`. */
export async function findSnapshot(place: RepositoryPlace, text: string): Promise<string> {
  const snapshots = await withRepository(place, listSnapshots);
  return resolveIdentifier(
    nameToId(snapshots, text),
    snapshots.map((one) => one.id),
    "snapshot",
  );
}

/** A snapshot may be meant by its name, too. */
export function nameToId(
  snapshots: readonly { id: string; name: string | null }[],
  text: string,
): string {
  return snapshots.findLast((one) => one.name === text)?.id ?? text;
}
