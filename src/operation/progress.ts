import type { JournalEntry } from "../ledger/journal.ts";

/** Where a step stands according to the journal. */
export type Standing =
  /** The journal has no word of it. */
  | "untouched"
  /** Intent without an end: the process died in it, or it failed. */
  | "begun"
  | "done"
  | "skipped"
  | "undone"
  /** The undo began and did not end well. */
  | "undoing";

export interface StepProgress {
  standing: Standing;
  result: unknown;
}

export interface Progress {
  steps: Map<string, StepProgress>;
  /** The failure that turned the operation round, when one did. */
  failure: { step: string; error: StoredFailure } | null;
  notes: string[];
  /** Identities of process groups by the step that started them, where that step did not end. */
  children: { step: string; identity: unknown }[];
}

export interface StoredFailure {
  code: string;
  message: string;
  hint?: string | undefined;
  exitCode: number;
  details?: unknown;
}

/** Reads an operation's entries into where it stands. */
export function readProgress(entries: readonly JournalEntry[]): Progress {
  const progress: Progress = { steps: new Map(), failure: null, notes: [], children: [] };
  for (const entry of entries) apply(progress, entry);
  return progress;
}

export function standingOf(progress: Progress, step: string): Standing {
  return progress.steps.get(step)?.standing ?? "untouched";
}

/** True once the operation turned round: from then on it can only be undone. */
export function isUnwinding(progress: Progress): boolean {
  return progress.failure !== null;
}

function apply(progress: Progress, entry: JournalEntry): void {
  const { step, data } = entry;
  const stand = (standing: Standing, result: unknown = null) =>
    progress.steps.set(step, { standing, result });
  switch (entry.event) {
    case "intent":
      stand("begun");
      break;
    case "done":
      stand("done", data);
      forgetChildren(progress, step);
      break;
    case "failed":
      progress.failure ??= { step, error: data as StoredFailure };
      break;
    case "skipped":
      stand("skipped", data);
      break;
    case "undo-intent":
    case "undo-failed":
      stand("undoing");
      break;
    case "undone":
      stand("undone");
      forgetChildren(progress, step);
      break;
    case "child":
      progress.children.push({ step, identity: data });
      break;
    case "note":
      progress.notes.push(String(data));
      break;
  }
}

function forgetChildren(progress: Progress, step: string): void {
  progress.children = progress.children.filter((child) => child.step !== step);
}
