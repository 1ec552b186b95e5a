import { type VerifyDepth, type VerifyReport, verifySnapshot } from "../backup/verify/verify.ts";
import { backupWorkDirectory, withRepository } from "./backup-repository.ts";
import { noteWorkingKeys } from "./check-keys.ts";
import { findSnapshot } from "./find-snapshot.ts";
import { readIdentities } from "./identities.ts";
import { noteBackup, readNotedBackup } from "./noted-backup.ts";
import type { Workplace } from "./workplace.ts";

export interface VerifyRequest {
  /** An id, its beginning, a name or `latest`. */
  snapshot: string;
  depth: VerifyDepth;
  /** Absolute paths of age identity files. */
  identityFiles: readonly string[];
}

export async function verifyBackup(
  place: Workplace,
  { snapshot, depth, identityFiles }: VerifyRequest,
): Promise<VerifyReport> {
  const id = await findSnapshot(place, snapshot);
  const identities = await readIdentities(identityFiles);
  const report = await withRepository(place, (store) =>
    verifySnapshot({
      store,
      id,
      depth,
      identities,
      workDirectory: backupWorkDirectory(place.project),
      now: () => place.desk.now(),
      signal: place.desk.signal,
    }),
  );
  if (report.ok) noteWorkingKeys(place.project, identities, place.desk.now());
  const noted = readNotedBackup(place.project);
  if (noted?.id === id) noteBackup(place.project, { ...noted, verified: report.ok });
  return report;
}
