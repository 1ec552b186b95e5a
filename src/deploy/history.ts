import { noneYet } from "../identifier.ts";
import { readEntries } from "../ledger/journal.ts";
import { openLedgerForReading } from "../ledger/ledger.ts";
import { type OperationRow, findOperation, listOperations } from "../ledger/operations.ts";
import type { Desk } from "../operation/perform.ts";

export interface HistoryEntry {
  id: string;
  environment: string;
  kind: string;
  startedAt: string;
  finishedAt: string | null;
  user: string;
  host: string;
  version: string;
  message: string | null;
  outcome: string;
  error: OperationRow["error"];
  /** Present when one operation was asked for. */
  steps?: { at: string; step: string; event: string; data: unknown }[];
}

/** The latest operations of an environment first; none where nothing was ever done. */
export function readHistory(
  desk: Pick<Desk, "paths" | "environment">,
  wanted: { operation: string | null; limit: number },
): HistoryEntry[] {
  const ledger = openLedgerForReading(desk.paths.ledger);
  if (ledger === null) {
    if (wanted.operation !== null) throw noneYet("operation");
    return [];
  }
  try {
    if (wanted.operation === null) {
      return listOperations(ledger, desk.environment, wanted.limit).map(entryOf);
    }
    const row = findOperation(ledger, wanted.operation);
    const steps = readEntries(ledger, row.id).map(({ at, step, event, data }) => ({
      at,
      step,
      event,
      data,
    }));
    return [{ ...entryOf(row), steps }];
  } finally {
    ledger.close();
  }
}

function entryOf(row: OperationRow): HistoryEntry {
  const { id, environment, kind, startedAt, finishedAt, user, host, version, message, error } = row;
  const outcome = row.outcome ?? "unfinished";
  return {
    id,
    environment,
    kind,
    startedAt,
    finishedAt,
    user,
    host,
    version,
    message,
    outcome,
    error,
  };
}
