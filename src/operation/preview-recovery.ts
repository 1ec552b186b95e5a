import { readEntries } from "../ledger/journal.ts";
import { openLedgerForReading } from "../ledger/ledger.ts";
import { currentHolder, lockedError } from "./lock.ts";
import type { Desk } from "./perform.ts";
import { type Progress, readProgress, standingOf } from "./progress.ts";
import {
  type StepBuilder,
  nothingUnfinished,
  tookEffect,
  turnedRound,
  unfinishedOf,
} from "./recover.ts";
import { isToBeUndone } from "./runner.ts";
import type { Step } from "./step.ts";

/** What `resume` or `abort` would do with the operation that did not end. */
export interface RecoveryPlan {
  operation: string;
  kind: string;
  /** UTC, ISO 8601. */
  startedAt: string;
  /** `forward`: what is left is done; `back`: what was begun is undone; `closed`: neither. */
  direction: "forward" | "back" | "closed";
  /** In the order in which they would be done or undone. */
  steps: string[];
}

/** Reads it from the journal; nothing is changed, and no lock is taken. */
export async function previewRecovery(
  desk: Pick<Desk, "environment" | "paths">,
  verb: "resume" | "abort",
  build: StepBuilder,
): Promise<RecoveryPlan> {
  const ledger = openLedgerForReading(desk.paths.ledger);
  if (ledger === null) throw nothingUnfinished(desk);
  try {
    const row = unfinishedOf(ledger, desk);
    const holder = currentHolder(desk.paths.lock);
    if (holder !== null) throw lockedError(desk, holder);
    const steps = await build(ledger, row);
    const execution = { ledger, operation: row.id, steps };
    const isForward = verb === "resume" ? !turnedRound(execution) : tookEffect(execution);
    const progress = readProgress(readEntries(ledger, row.id));
    const left = isForward ? stepsToDo(steps, progress) : stepsToUndo(steps, progress);
    return {
      operation: row.id,
      kind: row.kind,
      startedAt: row.startedAt,
      direction: isForward ? "forward" : "back",
      steps: left.map(({ title }) => title),
    };
  } finally {
    ledger.close();
  }
}

function stepsToDo(steps: readonly Step[], progress: Progress): Step[] {
  return steps.filter(({ id }) => !["done", "skipped"].includes(standingOf(progress, id)));
}

function stepsToUndo(steps: readonly Step[], progress: Progress): Step[] {
  return steps.filter((step) => isToBeUndone(step, progress)).toReversed();
}
