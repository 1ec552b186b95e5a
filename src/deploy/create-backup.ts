import type { SnapshotReport } from "../backup/create/create.ts";
import { createIdentifier } from "../identifier.ts";
import { openLedgerForReading } from "../ledger/ledger.ts";
import { currentRelease } from "../ledger/releases.ts";
import type { Desk } from "../operation/perform.ts";
import { backupDoubts } from "./backup-doubts.ts";
import { takeSnapshot } from "./take-snapshot.ts";
import type { View } from "./view.ts";

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
  place: View,
  desk: Pick<Desk, "signal" | "faults">,
  options: CreateOptions,
): Promise<SnapshotReport> {
  const { environment, paths, now } = place.desk;
  for (const doubt of backupDoubts(place)) options.note(doubt);
  const ledger = openLedgerForReading(paths.ledger);
  const release = ledger === null ? null : (currentRelease(ledger, environment)?.id ?? null);
  ledger?.close();
  const id = createIdentifier(now());
  return takeSnapshot({
    place,
    id,
    release,
    signal: desk.signal,
    reach: desk.faults.reach,
    ...options,
  });
}
