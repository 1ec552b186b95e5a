import { existsSync } from "node:fs";
import { type StudioError, exitCodes, usageError } from "../errors.ts";
import { appendEntry, readEntries } from "../ledger/journal.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type OperationRow, findUnfinished, finishOperation } from "../ledger/operations.ts";
import { endGroup } from "../shell/process-group.ts";
import type { ProcessIdentity } from "../shell/process-identity.ts";
import { type Desk, type Performed, conclude, executionOf, withLock } from "./perform.ts";
import { isUnwinding, readProgress, standingOf } from "./progress.ts";
import { type Execution, runForward, unwind } from "./runner.ts";
import type { Step } from "./step.ts";

/** Builds the steps of a journaled operation again, from its kind and input. */
export type StepBuilder = (ledger: Ledger, operation: OperationRow) => Promise<readonly Step[]>;

export interface Recovered extends Performed {
  kind: string;
  /** `undone` only from abort; a resume that ends undone is an error, like the first run. */
  outcome: "succeeded" | "undone" | "left";
}

/** Carries the unfinished operation of an environment through, or to the end of its undo. */
export function resume(desk: Desk, build: StepBuilder): Promise<Recovered> {
  return recover(
    desk,
    "resume",
    async (execution, row) => {
      const ending = turnedRound(execution) ? await unwind(execution) : await runForward(execution);
      return { ...conclude(execution, row.kind, ending), kind: row.kind, outcome: "succeeded" };
    },
    build,
  );
}

/**
 * Undoes the unfinished operation of an environment. One that already took effect (only its final
 * steps were left) is carried through instead: there is nothing before it to return to.
 */
export function abort(desk: Desk, build: StepBuilder): Promise<Recovered> {
  return recover(
    desk,
    "abort",
    async (execution, row) => {
      if (tookEffect(execution)) {
        const performed = conclude(execution, row.kind, await runForward(execution));
        return { ...performed, kind: row.kind, outcome: "succeeded" };
      }
      const aborted = {
        code: "aborted",
        message: "aborted by the operator",
        exitCode: exitCodes.undone,
      };
      appendEntry(execution.ledger, row.id, {
        step: "operation",
        event: "failed",
        at: execution.now().toISOString(),
        data: aborted,
      });
      const ending = await unwind(execution);
      if (ending.outcome !== "undone") conclude(execution, row.kind, ending);
      const error = { code: "aborted", message: "aborted by the operator" };
      const at = execution.now().toISOString();
      finishOperation(execution.ledger, row.id, { outcome: "undone", at, error });
      const notes = readProgress(readEntries(execution.ledger, row.id)).notes;
      return {
        operation: row.id,
        results: new Map(),
        warnings: notes,
        kind: row.kind,
        outcome: "undone",
      };
    },
    build,
  );
}

/** Closes the unfinished operation as it is, on the operator's word. */
export async function leave(desk: Desk): Promise<Recovered> {
  refuseWithoutLedger(desk);
  return withLock(desk, { kind: "abort --leave", operation: "-" }, async (ledger) => {
    const row = unfinishedOf(ledger, desk);
    const at = desk.now().toISOString();
    const error = { code: "left", message: "closed as it was, on the operator's word" };
    finishOperation(ledger, row.id, { outcome: "left", at, error });
    return { operation: row.id, results: new Map(), warnings: [], kind: row.kind, outcome: "left" };
  });
}

async function recover(
  desk: Desk,
  verb: string,
  act: (execution: Execution, row: OperationRow) => Promise<Recovered>,
  build: StepBuilder,
): Promise<Recovered> {
  refuseWithoutLedger(desk);
  return withLock(desk, { kind: verb, operation: "-" }, async (ledger) => {
    const row = unfinishedOf(ledger, desk);
    await endChildren(ledger, row);
    const steps = await build(ledger, row);
    desk.observer.plan(steps);
    return act(executionOf(desk, ledger, row.id, steps), row);
  });
}

function unfinishedOf(ledger: Ledger, desk: Desk): OperationRow {
  const row = findUnfinished(ledger, desk.environment);
  if (row !== null) return row;
  throw nothingUnfinished(desk);
}

/** Where nothing was ever done nothing is made either. */
function refuseWithoutLedger(desk: Desk): void {
  if (!existsSync(desk.paths.ledger)) throw nothingUnfinished(desk);
}

function nothingUnfinished(desk: Desk): StudioError {
  return usageError(
    `No operation of "${desk.environment}" is unfinished: there is nothing to resume or abort.`,
    "`studio status` shows what is serving, `studio history` what was done.",
  );
}

/** What a dead studio had started may still be at work: it must not meet its own repetition. */
async function endChildren(ledger: Ledger, row: OperationRow): Promise<void> {
  for (const child of readProgress(readEntries(ledger, row.id)).children) {
    await endGroup(child.identity as ProcessIdentity, 10_000);
  }
}

function turnedRound(execution: Execution): boolean {
  return isUnwinding(readProgress(readEntries(execution.ledger, execution.operation)));
}

/** True when every step before the final ones is done: the operation has taken effect. */
function tookEffect(execution: Execution): boolean {
  const progress = readProgress(readEntries(execution.ledger, execution.operation));
  if (isUnwinding(progress)) return false;
  return execution.steps
    .filter((step) => step.kind !== "final")
    .every((step) => ["done", "skipped"].includes(standingOf(progress, step.id)));
}
