import { StudioError, type ExitCode, exitCodes, reasonOf } from "../errors.ts";
import { createIdentifier } from "../identifier.ts";
import { type Ledger, openLedger } from "../ledger/ledger.ts";
import { type OperationRow, findUnfinished, insertOperation } from "../ledger/operations.ts";
import type { StatePaths } from "../state.ts";
import type { Faults } from "./faults.ts";
import { type Lock, acquireLock } from "./lock.ts";
import { diskFullError, fillReserve, isDiskFull } from "./reserve.ts";
import { type Ending, type Execution, finish, runForward } from "./runner.ts";
import type { Observer, Step } from "./step.ts";

/** Everything about the surroundings that an operation needs, handed in from the top. */
export interface Desk {
  environment: string;
  paths: StatePaths;
  user: string;
  host: string;
  version: string;
  signal: AbortSignal;
  observer: Observer;
  faults: Faults;
  now: () => Date;
  /** Takes the secrets that are known by now out of a text that is kept for people. */
  mask: (text: string) => string;
  /** Milliseconds to wait for the environment's lock. */
  lockWait: number;
}

export interface OperationPlan {
  kind: string;
  message: string | null;
  /** Enough to build the same steps again in another process; JSON, no secrets. */
  input: unknown;
  steps: readonly Step[];
}

export interface Performed {
  operation: string;
  results: Map<string, unknown>;
  warnings: string[];
}

/** Holds the environment's lock around `act`. */
export async function withLock<T>(
  desk: Desk,
  holder: { kind: string; operation: string },
  act: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  const { reach } = desk.faults;
  let ledger: Ledger | null = null;
  let lock: Lock | null = null;
  try {
    // An unreadable ledger is found before the lock file is made.
    ledger = openLedger(desk.paths.ledger);
    reach("operation/lock:before");
    lock = await acquireLock({
      file: desk.paths.lock,
      environment: desk.environment,
      holder: { ...holder, user: desk.user, since: desk.now().toISOString() },
      wait: desk.lockWait,
      signal: desk.signal,
    });
    reach("operation/lock:after");
    return await act(ledger);
  } catch (error) {
    throw error instanceof StudioError || !isDiskFull(error) ? error : diskFullError(error);
  } finally {
    reach("operation/unlock:before");
    lock?.release();
    reach("operation/unlock:after");
    ledger?.close();
    await desk.observer.close();
  }
}

/**
 * Runs one operation from plan to end under the environment's lock. The plan is made after the
 * lock is held, from what is true then.
 * @throws StudioError with exit code 5 (undone), 6 (not fully undone), 7 (locked, or an earlier
 *   operation is unfinished), 130 or 143 (interrupted and undone)
 */
export async function perform(
  desk: Desk,
  kind: string,
  plan: (ledger: Ledger, operation: string) => Promise<OperationPlan>,
): Promise<Performed> {
  const operation = createIdentifier(desk.now());
  return withLock(desk, { kind, operation }, async (ledger) => {
    refuseUnfinished(ledger, desk);
    const planned = await plan(ledger, operation);
    begin(desk, ledger, rowOf(desk, operation, planned));
    desk.observer.plan(planned.steps);
    const execution = executionOf(desk, ledger, operation, planned.steps);
    return explainingDiskFull(kind, async () =>
      conclude(execution, kind, await runForward(execution)),
    );
  });
}

/** From here on the operation exists: it has to be carried through or undone. */
function begin(desk: Desk, ledger: Ledger, row: OperationRow): void {
  const { reach } = desk.faults;
  reach("operation/reserve:before");
  fillReserve(desk.paths.reserve, (point) => reach(`operation/reserve/${point}`));
  reach("operation/reserve:after");
  reach("operation#begin:before");
  insertOperation(ledger, row);
  reach("operation#begin:after");
}

export function executionOf(
  desk: Desk,
  ledger: Ledger,
  operation: string,
  steps: readonly Step[],
): Execution {
  return { ...desk, reserve: desk.paths.reserve, operation, steps, ledger };
}

/** Tells what is left to do when not even the reserve made room for the journal. */
export async function explainingDiskFull<T>(kind: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof StudioError || !isDiskFull(error)) throw error;
    throw new StudioError({
      code: "operation.disk-full",
      message: `The disk is too full for the journal of the ${kind}: ${reasonOf(error)}. It stopped where it was.`,
      hint: "Make room on the disk, then type `studio abort` to undo it, or `studio resume`.",
      exitCode: exitCodes.notUndone,
      cause: error,
    });
  }
}

/** Writes the end of an operation into the ledger and turns a failed one into its error. */
export function conclude(execution: Execution, kind: string, ending: Ending): Performed {
  const { operation } = execution;
  if (ending.outcome === "succeeded") {
    const { warnings, results } = ending;
    finish(execution, {
      outcome: "succeeded",
      result: { warnings: warnings.map(execution.mask), steps: Object.fromEntries(results) },
    });
    return { operation, results, warnings };
  }
  const { step, error } = ending.failure;
  if (ending.outcome === "undone") {
    finish(execution, {
      outcome: decisiveStep(execution, step) === undefined ? "undone" : "left",
      error: { code: error.code, message: error.message, step },
    });
  }
  throw failureError(execution, kind, ending);
}

function failureError(
  execution: Execution,
  kind: string,
  ending: Exclude<Ending, { outcome: "succeeded" }>,
): StudioError {
  const { step, error, refused } = ending.failure;
  const at = execution.steps.find((other) => other.id === step);
  // Without a step it was the operator who ended it.
  const how = `${at === undefined ? "was" : `failed at "${at.title}":`} ${sentence(error.message)}`;
  const details = {
    operation: execution.operation,
    step,
    reason: error.code,
    notes: ending.notes,
    ...(typeof error.details === "object" ? error.details : {}),
  };
  if (ending.outcome === "stuck") {
    const left = ending.left.map((item) => `${item.title} (${item.reason})`).join("; ");
    return new StudioError({
      code: "operation.not-undone",
      message: `The ${kind} ${how} It could not be undone fully. Left: ${sentence(left)}`,
      hint: "Mend the cause, then type `studio abort` to undo the rest, or `studio abort --leave` to keep what is left.",
      exitCode: exitCodes.notUndone,
      details: { ...details, left: ending.left },
    });
  }
  const decisive = decisiveStep(execution, step);
  if (decisive !== undefined) {
    return new StudioError({
      code: "operation.incomplete",
      message: `The ${kind} ${how} It is not done: what was ended already stays so, the rest may still run.`,
      hint: `${error.hint === undefined ? "" : `${sentence(error.hint)} `}\`${decisive.again}\` tries again.`,
      exitCode: exitCodes.notUndone,
      details,
    });
  }
  if (refused) {
    return new StudioError({ ...error, exitCode: error.exitCode as ExitCode, details });
  }
  if (error.code === "aborted") {
    return new StudioError({
      code: "operation.undone",
      message: `The ${kind} had been aborted by the operator. Everything it had done was undone.`,
      hint: `\`studio history ${execution.operation}\` shows each step.`,
      exitCode: exitCodes.undone,
      details,
    });
  }
  // A resume that only finishes the undo was not interrupted itself.
  const interrupted = error.code === "interrupted" && execution.signal.aborted;
  return new StudioError({
    code: interrupted ? "operation.interrupted" : "operation.undone",
    message: `The ${kind} ${how} Everything it had done was undone.`,
    hint: error.hint ?? `\`studio history ${execution.operation}\` shows each step.`,
    exitCode: interrupted ? (error.exitCode as ExitCode) : exitCodes.undone,
    details,
  });
}

/** Of the step that failed, where what it had done of its work cannot be undone. */
function decisiveStep({ steps }: Execution, failed: string): Step["decisive"] {
  return steps.find(({ id }) => id === failed)?.decisive;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function refuseUnfinished(ledger: Ledger, desk: Desk): void {
  const unfinished = findUnfinished(ledger, desk.environment);
  if (unfinished !== null) throw unfinishedError(unfinished);
}

export function unfinishedError(operation: OperationRow): StudioError {
  return new StudioError({
    code: "operation.unfinished",
    message: `A ${operation.kind} of "${operation.environment}" by ${operation.user} from ${operation.startedAt} did not end (operation ${operation.id}). Nothing was changed.`,
    hint: "`studio resume` carries it through, `studio abort` undoes it.",
    exitCode: exitCodes.locked,
    details: { operation: operation.id, kind: operation.kind, startedAt: operation.startedAt },
  });
}

function rowOf(desk: Desk, id: string, plan: OperationPlan): OperationRow {
  return {
    id,
    environment: desk.environment,
    kind: plan.kind,
    message: plan.message,
    user: desk.user,
    host: desk.host,
    version: desk.version,
    input: plan.input,
    startedAt: desk.now().toISOString(),
    finishedAt: null,
    outcome: null,
    result: null,
    error: null,
  };
}
