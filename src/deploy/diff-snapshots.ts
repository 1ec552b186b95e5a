import { type Difference, compareSnapshots } from "../backup/contents/difference.ts";
import { compareWithFolder } from "../backup/contents/folder-difference.ts";
import { Snapshot } from "../backup/snapshot/open-snapshot.ts";
import { openerOf } from "../backup/snapshot/opener.ts";
import type { Store } from "../backup/store/store.ts";
import { encryptedWithoutKey } from "./snapshot-of.ts";
import { backupWorkDirectory, withRepository } from "./backup-repository.ts";
import { findSnapshot } from "./find-snapshot.ts";
import { readIdentities } from "./identities.ts";
import { snapshotSources } from "./snapshot-sources.ts";
import type { View } from "./view.ts";

export interface DiffRequest {
  /** Each an id, its beginning, a name or `latest`; the second may be `.`, the project itself. */
  before: string;
  after: string;
  path: string;
  /** Absolute paths of age identity files. */
  identityFiles: readonly string[];
  signal: AbortSignal;
}

export interface DiffReport extends Difference {
  before: DiffSide;
  /** Null for the project as it is now. */
  after: DiffSide | null;
}

export interface DiffSide {
  id: string;
  set: string;
  created: string;
}

/** Tells two snapshots apart, or a snapshot from the project as it is now. */
export async function diffSnapshots(place: View, request: DiffRequest): Promise<DiffReport> {
  const ids = [await findSnapshot(place, request.before)];
  if (request.after !== ".") ids.push(await findSnapshot(place, request.after));
  const opener = await openerOf(await readIdentities(request.identityFiles));
  return withRepository(place, async (store) => {
    const [before, after] = await Promise.all(
      ids.map((id) => Snapshot.open({ store, id, opener })),
    );
    for (const one of [before, after]) {
      if (one?.isReadable === false) throw encryptedWithoutKey(one.commit.id);
    }
    if (before === undefined) throw new Error("No snapshot was opened.");
    if (after === undefined) {
      const difference = await diffWithProject(place, store, before, request);
      return { before: sideOf(before), after: null, ...difference };
    }
    const { path, signal } = request;
    const difference = await compareSnapshots({ before, after, path, signal });
    return { before: sideOf(before), after: sideOf(after), ...difference };
  });
}

async function diffWithProject(
  place: View,
  store: Store,
  before: Snapshot,
  { path, signal }: DiffRequest,
): Promise<Difference> {
  return compareWithFolder({
    before,
    path,
    signal,
    directory: place.project.directory,
    sources: await snapshotSources(place, before.commit.set),
    workDirectory: backupWorkDirectory(place.project),
    repository: store.localDirectory,
  });
}

function sideOf({ commit: { id, set, created } }: Snapshot): DiffSide {
  return { id, set, created };
}
