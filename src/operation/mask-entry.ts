import type { JournalEvent } from "../ledger/journal.ts";
import type { StoredFailure } from "./progress.ts";

/** Events whose data is a text for people. */
const told: ReadonlySet<JournalEvent> = new Set(["skipped", "undo-failed", "note"]);

/**
 * What an entry of the journal tells people, without secrets: containers, hooks and programs may
 * write those. What a step returned, or started, stays as it is: later steps and a resume read it.
 */
export function maskEntry(
  event: JournalEvent,
  data: unknown,
  mask: (text: string) => string,
): unknown {
  if (event === "failed") return maskFailure(data as StoredFailure, mask);
  return told.has(event) ? maskTexts(data, mask) : data;
}

/** But for its code and exit code, by which a resume goes. */
function maskFailure(
  { code, exitCode, ...words }: StoredFailure,
  mask: (text: string) => string,
): StoredFailure {
  return { ...(maskTexts(words, mask) as typeof words), code, exitCode };
}

function maskTexts(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === "string") return mask(value);
  // What the journal is to hold is JSON; only so is it known what of an object would be written.
  if (typeof value !== "object" || value === null) return value;
  return JSON.parse(JSON.stringify(value), (_key, one: unknown) =>
    typeof one === "string" ? mask(one) : one,
  );
}
