import type { SnapshotReport } from "../backup/create/create.ts";
import { type PruneReport, pruneSnapshots } from "../backup/retention/prune.ts";
import { type VerifyDepth, type VerifyReport, verifySnapshot } from "../backup/verify/verify.ts";
import { createIdentifier } from "../identifier.ts";
import { openLedgerForReading } from "../ledger/ledger.ts";
import { currentRelease } from "../ledger/releases.ts";
import { backupDoubts } from "./backup-doubts.ts";
import { backupWorkDirectory, withRepository } from "./backup-repository.ts";
import { noteWorkingKeys } from "./check-keys.ts";
import { findSnapshot } from "./find-snapshot.ts";
import { readIdentities } from "./identities.ts";
import { noteBackup, readNotedBackup } from "./noted-backup.ts";
import { takeSnapshot } from "./take-snapshot.ts";
import type { Workplace } from "./workplace.ts";

export interface CreateOptions {
  set: string;
  name?: string | undefined;
  tags: string[];
  /** Told what the operator should know of the snapshot although it is complete. */
  note: (text: string) => void;
  /** Told how far it is. */
  say: (text: string) => void;
}

/** Takes a snapshot beside whatever runs: it changes nothing of the environment. */
export async function createBackup(
  place: Workplace,
  options: CreateOptions,
): Promise<SnapshotReport> {
  const { desk } = place;
  for (const doubt of backupDoubts(place)) options.note(doubt);
  const ledger = openLedgerForReading(desk.paths.ledger);
  const release = ledger === null ? null : (currentRelease(ledger, desk.environment)?.id ?? null);
  ledger?.close();
  const id = createIdentifier(desk.now());
  return takeSnapshot({
    place,
    id,
    release,
    signal: desk.signal,
    reach: desk.faults.reach,
    ...options,
  });
}

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
