import type { SnapshotReport } from "../backup/create.ts";
import { type PruneReport, pruneSnapshots } from "../backup/prune.ts";
import { type VerifyReport, verifySnapshot } from "../backup/verify.ts";
import { createIdentifier } from "../identifier.ts";
import { openLedgerForReading } from "../ledger/ledger.ts";
import { currentRelease } from "../ledger/releases.ts";
import { repositoryOf } from "./backup-repository.ts";
import { findSnapshot } from "./find-snapshot.ts";
import { takeSnapshot } from "./take-snapshot.ts";
import type { Workplace } from "./workplace.ts";

export interface CreateOptions {
  set: string;
  name?: string | undefined;
  tags: string[];
  say(text: string): void;
}

/** Takes a snapshot beside whatever runs: it changes nothing of the environment. */
export async function createBackup(
  place: Workplace,
  options: CreateOptions,
): Promise<SnapshotReport> {
  const { desk } = place;
  const ledger = openLedgerForReading(desk.paths.ledger);
  const release = ledger === null ? null : (currentRelease(ledger, desk.environment)?.id ?? null);
  ledger?.close();
  const id = createIdentifier(desk.now());
  return takeSnapshot({ place, id, release, signal: desk.signal, ...options });
}

export async function verifyBackup(place: Workplace, text: string): Promise<VerifyReport> {
  return verifySnapshot({
    repository: repositoryOf(place.project),
    id: await findSnapshot(place, text),
    now: () => place.desk.now(),
    signal: place.desk.signal,
  });
}

/** @param retentionDays keep so many dailies instead of what the configuration says */
export async function pruneBackups(
  place: Workplace,
  plan: boolean,
  retentionDays: number | null,
): Promise<PruneReport> {
  const { retention } = place.project.settings.backup;
  return pruneSnapshots({
    repository: repositoryOf(place.project),
    retention: retentionDays === null ? retention : { ...retention, daily: retentionDays },
    now: () => place.desk.now(),
    plan,
    lockWait: 60_000,
  });
}
