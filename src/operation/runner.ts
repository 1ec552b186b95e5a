import { StudioError, exitCodes, reasonOf } from "../errors.ts";
import { type JournalEvent, appendEntry, readEntries } from "../ledger/journal.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { finishOperation } from "../ledger/operations.ts";
import type { Faults } from "./faults.ts";
import { maskEntry } from "./mask-entry.ts";
import { type Progress, type StoredFailure, readProgress, standingOf } from "./progress.ts";
import { isDiskFull, releaseReserve, releaseReserveWhenShort, withReserve } from "./reserve.ts";
import type { Observer, Step, StepRun } from "./step.ts";

/** An operation under way: its record is in the ledger, its lock is held. */
export interface Execution {
  operation: string;
  steps: readonly Step[];
  ledger: Ledger;
  reserve: string;
  signal: AbortSignal;
  observer: Observer;
  faults: Faults;
  now(): Date;
  mask: (text: string) => string;
}

export type Ending =
  | { outcome: "succeeded"; warnings: string[]; results: Map<string, unknown> }
  | { outcome: "undone"; failure: Failure; notes: string[] }
  | { outcome: "stuck"; failure: Failure; notes: string[]; left: Left[] };

export interface Failure {
  step: string;
  error: StoredFailure;
  /** True when the step only looked, and nothing had been changed before it. */
  refused: boolean;
}

export interface Left {
  step: string;
  title: string;
  reason: string;
}

/** Does every step that is not done yet; turns round at the first failure or interruption. */
export async function runForward(execution: Execution): Promise<Ending> {
  const warnings: string[] = [];
  for (const step of execution.steps) {
    const failure = await attempt(execution, step);
    if (failure === null) continue;
    if (step.kind !== "final" || step.decisive !== undefined) {
      write(execution, step.id, "failed", failure);
      return unwind(execution);
    }
    warnings.push(`${step.title}: ${failure.message}`);
  }
  const progress = load(execution);
  return {
    outcome: "succeeded",
    warnings: [...progress.notes, ...warnings],
    results: resultsOf(progress),
  };
}

/** Undoes what was begun, last step first; goes on past an undo that fails and reports it. */
export async function unwind(execution: Execution): Promise<Ending> {
  releaseReserveWhenShort(execution.reserve);
  const left: Left[] = [];
  for (const step of execution.steps.toReversed()) {
    if (!isToBeUndone(step, load(execution))) continue;
    const reason = await undo(execution, step);
    if (reason !== null) left.push({ step: step.id, title: step.title, reason });
  }
  const { failure, notes } = load(execution);
  if (failure === null) throw new Error("an operation was unwound without a failure");
  const end: Failure = { ...failure, refused: isRefusal(execution, failure.step) };
  if (left.length > 0) return { outcome: "stuck", failure: end, notes, left };
  return { outcome: "undone", failure: end, notes };
}

/** Whether an operation that is undone has something of this step to undo. */
export function isToBeUndone(step: Step, progress: Progress): boolean {
  const standing = standingOf(progress, step.id);
  return step.kind !== "final" && ["begun", "done", "undoing"].includes(standing);
}

/** Turns an operation round on the operator's word, unless it did so before. */
export function turnRound(execution: Execution, failure: StoredFailure): void {
  if (load(execution).failure === null) write(execution, "operation", "failed", failure);
}

/** Writes the end of an operation into the ledger. */
export function finish(
  execution: Execution,
  end: Omit<Parameters<typeof finishOperation>[2], "at">,
): void {
  const { ledger, operation, faults, reserve, mask } = execution;
  const at = execution.now().toISOString();
  const error = end.error == null ? end.error : { ...end.error, message: mask(end.error.message) };
  faults.reach("operation#end:before");
  withReserve(reserve, () => finishOperation(ledger, operation, { ...end, error, at }));
  faults.reach("operation#end:after");
}

/** @returns null when the step is done or did not apply, or why it failed */
async function attempt(execution: Execution, step: Step): Promise<StoredFailure | null> {
  const run = stepRun(execution, step, "do");
  try {
    const standing = standingOf(load(execution), step.id);
    if (standing === "skipped" || (standing === "done" && (await stillDone(step, run)))) {
      return null;
    }
    if (step.kind !== "final") execution.signal.throwIfAborted();
    const reason = (await step.skip?.(run)) ?? null;
    if (reason !== null) {
      write(execution, step.id, "skipped", reason);
      execution.observer.ended(step, "do", { state: "skipped", reason });
      return null;
    }
    execution.observer.started(step, "do");
    write(execution, step.id, "intent");
    // A process that died between the act and its "done" leaves the act to be found.
    const found = standing === "begun" && (await step.probe(run)) === "done";
    const result = found ? null : await step.do(run);
    if (step.kind !== "final") execution.signal.throwIfAborted();
    write(execution, step.id, "done", result);
    execution.observer.ended(step, "do", { state: "done" });
    return null;
  } catch (error) {
    const failure = describeFailure(error, run.signal);
    execution.observer.ended(step, "do", { state: "failed", reason: failure.message });
    return failure;
  }
}

async function stillDone(step: Step, run: StepRun): Promise<boolean> {
  if (step.kind === "final") return true;
  const found = await step.probe(run);
  return found === "done" || found === "unknown";
}

/** @returns null when undone, or why not */
async function undo(execution: Execution, step: Step): Promise<string | null> {
  execution.observer.started(step, "undo");
  try {
    write(execution, step.id, "undo-intent");
    await undoWithReserve(execution, step);
    write(execution, step.id, "undone");
    execution.observer.ended(step, "undo", { state: "done" });
    return null;
  } catch (error) {
    const reason = reasonOf(error);
    write(execution, step.id, "undo-failed", reason);
    execution.observer.ended(step, "undo", { state: "failed", reason });
    return reason;
  }
}

/** Another program may have filled the disk meanwhile: the reserve is there for one more try. */
async function undoWithReserve(execution: Execution, step: Step): Promise<void> {
  const run = stepRun(execution, step, "undo");
  try {
    await step.undo(run);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    releaseReserve(execution.reserve);
    await step.undo(run);
  }
}

function stepRun(execution: Execution, step: Step, phase: "do" | "undo"): StepRun {
  const { faults, observer } = execution;
  return {
    operation: execution.operation,
    // An undo is not interrupted: half an undo would be worse than either end.
    signal:
      phase === "do" && step.kind !== "final" ? execution.signal : new AbortController().signal,
    results: resultsOf(load(execution)),
    async effect(name, act) {
      const point = phase === "do" ? `${step.id}/${name}` : `${step.id}/undo/${name}`;
      faults.reach(`${point}:before`);
      const value = await act((inner) => faults.reach(`${point}/${inner}`));
      faults.reach(`${point}:after`);
      return value;
    },
    note(text) {
      write(execution, step.id, "note", text);
      observer.note(text);
    },
    say: (text) => observer.say(step, text),
    child: (identity) => write(execution, step.id, "child", identity),
  };
}

/** Every journal write passes here: a fault point on either side, the reserve behind it. */
function write(execution: Execution, step: string, event: JournalEvent, data?: unknown): void {
  const { ledger, operation, faults } = execution;
  const at = execution.now().toISOString();
  const entry = { step, event, at, data: maskEntry(event, data ?? undefined, execution.mask) };
  withReserve(execution.reserve, () => {
    faults.reach(`${step}#${event}:before`);
    appendEntry(ledger, operation, entry);
  });
  faults.reach(`${step}#${event}:after`);
  if (event === "failed" && isDiskFull({ code: (data as StoredFailure).code })) {
    releaseReserve(execution.reserve);
  }
}

function load(execution: Execution): Progress {
  return readProgress(readEntries(execution.ledger, execution.operation));
}

function resultsOf(progress: Progress): Map<string, unknown> {
  return new Map([...progress.steps].map(([id, step]) => [id, step.result]));
}

function isRefusal(execution: Execution, failed: string): boolean {
  const at = execution.steps.findIndex((step) => step.id === failed);
  return at >= 0 && execution.steps.slice(0, at + 1).every((step) => step.kind === "refusal");
}

/** An error as the journal keeps it; bugs keep their stack in the details. */
function describeFailure(error: unknown, signal: AbortSignal): StoredFailure {
  // Whatever a step makes of the signal (a hook that it ended, say), the signal is the cause.
  if (signal.aborted) {
    const name = String(signal.reason) === "SIGTERM" ? "SIGTERM" : "SIGINT";
    const exitCode = name === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted;
    return { code: "interrupted", message: `interrupted by ${name}`, exitCode };
  }
  if (error instanceof StudioError) {
    const { code, message, hint, exitCode, details } = error;
    return { code: isDiskFull(error) ? "ENOSPC" : code, message, hint, exitCode, details };
  }
  if (isDiskFull(error)) {
    const hint = "Make room on the disk, then run the command again.";
    const message = `The disk is full: ${reasonOf(error)}`;
    return { code: "ENOSPC", message, hint, exitCode: exitCodes.unavailable };
  }
  const stack = error instanceof Error ? error.stack : undefined;
  return { code: "bug", message: reasonOf(error), exitCode: exitCodes.bug, details: { stack } };
}
