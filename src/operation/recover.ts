import { existsSync } from "node:fs";
import { type StudioError, exitCodes, usageError } from "../errors.ts";
import { readEntries } from "../ledger/journal.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type OperationRow, findUnfinished, finishOperation } from "../ledger/operations.ts";
import { endGroup } from "../shell/process-group.ts";
import type { ProcessIdentity } from "../shell/process-identity.ts";
import {
  type Desk,
  type Performed,
  conclude,
  executionOf,
  explainingDiskFull,
  withLock,
} from "./perform.ts";
import { isUnwinding, readProgress, standingOf } from "./progress.ts";
import { releaseReserveWhenShort } from "./reserve.ts";
import { type Execution, finish, runForward, turnRound, unwind } from "./runner.ts";
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
      if (!tookEffect(execution)) return undoAll(execution, row);
      const performed = conclude(execution, row.kind, await runForward(execution));
      return { ...performed, kind: row.kind, outcome: "succeeded" };
    },
    build,
  );
}

async function undoAll(execution: Execution, { kind, id }: OperationRow): Promise<Recovered> {
  const error = { code: "aborted", message: "aborted by the operator" };
  turnRound(execution, { ...error, exitCode: exitCodes.undone });
  const ending = await unwind(execution);
  if (ending.outcome !== "undone") conclude(execution, kind, ending);
  finish(execution, { outcome: "undone", error });
  const warnings = ending.outcome === "undone" ? ending.notes : [];
  return { operation: id, results: new Map(), warnings, kind, outcome: "undone" };
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
  // The ledger and the lock need room themselves.
  releaseReserveWhenShort(desk.paths.reserve);
  return withLock(desk, { kind: verb, operation: "-" }, async (ledger) => {
    const row = unfinishedOf(ledger, desk);
    desk.faults.reach("operation/children:before");
    await endChildren(ledger, row);
    desk.faults.reach("operation/children:after");
    const steps = await build(ledger, row);
    desk.observer.plan(steps);
    const execution = executionOf(desk, ledger, row.id, steps);
    return explainingDiskFull(row.kind, () => act(execution, row));
  });
}

/** @throws StudioError (exit 2) when there is none */
export function unfinishedOf(ledger: Ledger, desk: Pick<Desk, "environment">): OperationRow {
  const row = findUnfinished(ledger, desk.environment);
  if (row !== null) return row;
  throw nothingUnfinished(desk);
}

/** Where nothing was ever done nothing is made either. */
function refuseWithoutLedger(desk: Desk): void {
  if (!existsSync(desk.paths.ledger)) throw nothingUnfinished(desk);
}

export function nothingUnfinished(desk: Pick<Desk, "environment">): StudioError {
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

type Standing = Pick<Execution, "ledger" | "operation" | "steps">;

/** True when it was being undone already: then it can only be undone to its end. */
export function turnedRound(execution: Standing): boolean {
  return isUnwinding(readProgress(readEntries(execution.ledger, execution.operation)));
}

/** True when every step before the final ones is done: the operation has taken effect. */
export function tookEffect(execution: Standing): boolean {
  const progress = readProgress(readEntries(execution.ledger, execution.operation));
  if (isUnwinding(progress)) return false;
  return execution.steps
    .filter((step) => step.kind !== "final")
    .every((step) => ["done", "skipped"].includes(standingOf(progress, step.id)));
}
