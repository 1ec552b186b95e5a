import { openerOf } from "../backup/snapshot/opener.ts";
import { Snapshot } from "../backup/snapshot/open-snapshot.ts";
import type { Store } from "../backup/store/store.ts";
import { usageError } from "../errors.ts";
import { openRepository } from "./backup-repository.ts";
import { readIdentities } from "./identities.ts";
import type { Workplace } from "./workplace.ts";

/** Opens a snapshot of the environment's repository, with what its content is encrypted to. */
export async function snapshotOf(
  { project }: Pick<Workplace, "project">,
  id: string,
  identityFiles: readonly string[],
): Promise<Snapshot> {
  return snapshotIn(openRepository(project), id, identityFiles);
}

export async function snapshotIn(
  store: Store,
  id: string,
  identityFiles: readonly string[],
): Promise<Snapshot> {
  const opener = await openerOf(await readIdentities(identityFiles));
  const snapshot = await Snapshot.open({ store, id, opener });
  if (snapshot.isReadable) return snapshot;
  throw usageError(
    `Snapshot ${id} is encrypted.`,
    "Give the file with the secret key of one of its recipients: --identity FILE.",
  );
}
