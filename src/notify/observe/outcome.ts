import { listEndedRuns } from "../../ledger/job-runs.ts";
import { type Ledger, openLedgerForReading } from "../../ledger/ledger.ts";
import type { NotifyEvent } from "../event.ts";
import type { NotifyPlace } from "../place.ts";
import { jobEvents } from "./jobs.ts";
import { operationEvents } from "./operations.ts";

/** What became of operations since a command began. `stuck`: one could not be undone. */
export function operationsSince(place: NotifyPlace, since: Date, stuck: boolean): NotifyEvent[] {
  const { environment } = place;
  return look(place, (ledger) => operationEvents(ledger, { environment, since, stuck }));
}

/** What became of runs of jobs since then, also of those that were missed or lost. */
export function jobsSince(place: NotifyPlace, since: Date): NotifyEvent[] {
  return look(place, (ledger) => jobEvents(listEndedRuns(ledger, place.environment, since)));
}

function look({ paths }: NotifyPlace, read: (ledger: Ledger) => NotifyEvent[]): NotifyEvent[] {
  const ledger = openLedgerForReading(paths.ledger);
  try {
    return ledger === null ? [] : read(ledger);
  } finally {
    ledger?.close();
  }
}
