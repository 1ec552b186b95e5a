import { listTrash, undeleteSnapshots } from "../backup/retention/trash.ts";
import { readSummaries } from "../backup/summary.ts";
import { usageError } from "../errors.ts";
import { resolveIdentifier } from "../identifier.ts";
import { withRepository } from "./backup-repository.ts";
import { nameToId } from "./find-snapshot.ts";
import type { View } from "./view.ts";

export interface UndeleteReport {
  /** Ids that are listed again, oldest first. */
  restored: string[];
}

/**
 * Brings snapshots back from the trash.
 * @param wanted ids, their beginnings or names; null for all that is there
 * @throws StudioError (exit 2) for one that is not in the trash
 */
export async function undeleteBackups(
  place: View,
  wanted: readonly string[] | null,
): Promise<UndeleteReport> {
  return withRepository(place, async (store) => {
    const known = (await listTrash(store)).map(({ id }) => id);
    if (wanted !== null && known.length === 0) {
      throw usageError(
        "The trash is empty: no snapshot was given up, or its time there is over.",
        "`studio backup list` shows the snapshots that are kept.",
      );
    }
    const summaries = wanted === null ? [] : await readSummaries(store, known);
    const ids = wanted?.map((text) => findDeleted(nameToId(summaries, text), known)) ?? known;
    const now = () => place.desk.now();
    const restored = await undeleteSnapshots({
      store,
      ids: [...new Set(ids)].sort(),
      now,
      lockWait: 60_000,
    });
    return { restored };
  });
}

function findDeleted(text: string, known: readonly string[]): string {
  if (text === "latest" || known.some((id) => id.startsWith(text))) {
    return resolveIdentifier(text, known, "snapshot");
  }
  throw usageError(
    `No snapshot in the trash has an id that starts with "${text}".`,
    "`studio backup list --deleted` shows them.",
  );
}
