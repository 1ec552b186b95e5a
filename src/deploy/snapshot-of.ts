import { openerOf } from "../backup/snapshot/opener.ts";
import { Snapshot } from "../backup/snapshot/open-snapshot.ts";
import type { Store } from "../backup/store/store.ts";
import { type StudioError, usageError } from "../errors.ts";
import { type RepositoryPlace, withRepository } from "./backup-repository.ts";
import { readIdentities } from "./identities.ts";

export interface OpenSnapshot {
  snapshot: Snapshot;
  store: Store;
  /** The texts of the identity files. */
  identities: string[];
}

/** Opens a snapshot of the environment's repository, with what its content is encrypted to. */
export async function withSnapshot<T>(
  place: RepositoryPlace,
  id: string,
  identityFiles: readonly string[],
  action: (open: OpenSnapshot) => Promise<T>,
): Promise<T> {
  const identities = await readIdentities(identityFiles);
  const opener = await openerOf(identities);
  return withRepository(place, async (store) => {
    const snapshot = await Snapshot.open({ store, id, opener });
    if (snapshot.isReadable) return action({ snapshot, store, identities });
    throw encryptedWithoutKey(id);
  });
}

export function encryptedWithoutKey(id: string): StudioError {
  return usageError(
    `Snapshot ${id} is encrypted.`,
    "Give the file with the secret key of one of its recipients: --identity FILE.",
  );
}
