import { type Contents, type ListOptions, listContents } from "../backup/contents/listing.ts";
import { Snapshot } from "../backup/snapshot/open-snapshot.ts";
import { openerOf } from "../backup/snapshot/opener.ts";
import { type SnapshotSummary, summaryOf } from "../backup/summary.ts";
import { withRepository } from "./backup-repository.ts";
import { findSnapshot } from "./find-snapshot.ts";
import { readIdentities } from "./identities.ts";
import type { View } from "./view.ts";

export interface SnapshotView {
  snapshot: SnapshotSummary;
  /** What it needs of the repository, and the sum of that. */
  objects: { count: number; bytes: number };
  /** Null where it is encrypted and no key was given. */
  contents: Contents | null;
}

export interface ShowRequest extends ListOptions {
  /** An id, its beginning, a name or `latest`. */
  snapshot: string;
  /** Absolute paths of age identity files. */
  identityFiles: readonly string[];
}

/** What is known of a snapshot, and what it holds as far as it can be read. */
export async function showSnapshot(place: View, request: ShowRequest): Promise<SnapshotView> {
  const id = await findSnapshot(place, request.snapshot);
  const opener = await openerOf(await readIdentities(request.identityFiles));
  return withRepository(place, async (store) => {
    const snapshot = await Snapshot.open({ store, id, opener });
    const { count, bytes } = snapshot.commit.objects;
    return {
      snapshot: await summaryOf(store, snapshot.commit),
      objects: { count, bytes },
      contents: snapshot.isReadable ? await listContents(snapshot, request) : null,
    };
  });
}
