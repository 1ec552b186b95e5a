import type { Ledger } from "./ledger.ts";

export type JournalEvent =
  /** About to act: durable before anything changes. */
  | "intent"
  /** The act is complete; the data is the step's result. */
  | "done"
  /** The act failed; the data says why. Its traces are still to be undone. */
  | "failed"
  /** The step did not apply; the data says why. */
  | "skipped"
  | "undo-intent"
  | "undone"
  | "undo-failed"
  /** A process group was started on behalf of the step; it may outlive studio. */
  | "child"
  /** Something worth telling: a warning, what was kept. */
  | "note";

export interface JournalEntry {
  sequence: number;
  step: string;
  event: JournalEvent;
  at: string;
  data: unknown;
}

interface StoredEntry {
  sequence: number;
  step: string;
  event: JournalEvent;
  at: string;
  data: string | null;
}

/** Appends one entry; it is on the disk when this returns. */
export function appendEntry(
  ledger: Ledger,
  operation: string,
  entry: { step: string; event: JournalEvent; at: string; data?: unknown },
): void {
  ledger
    .prepare("INSERT INTO journal (operation, step, event, at, data) VALUES (?, ?, ?, ?, ?)")
    .run(
      operation,
      entry.step,
      entry.event,
      entry.at,
      entry.data === undefined ? null : JSON.stringify(entry.data),
    );
}

/** All entries of an operation in the order they were written. */
export function readEntries(ledger: Ledger, operation: string): JournalEntry[] {
  return ledger
    .prepare<[string], StoredEntry>(
      "SELECT sequence, step, event, at, data FROM journal WHERE operation = ? ORDER BY sequence",
    )
    .all(operation)
    .map((entry) => ({ ...entry, data: entry.data === null ? null : JSON.parse(entry.data) }));
}
