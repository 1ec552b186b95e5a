import type { Reach } from "./faults.ts";

/**
 * What reality shows of a step: nothing of it, some of it, or all of it. `unknown` when the step
 * leaves nothing to look at (a check, a measurement): then the journal alone decides.
 */
export type Found = "absent" | "partial" | "done" | "unknown";

/** What a step is given while it is done, undone or probed. */
export interface StepRun {
  /** Id of the operation. */
  readonly operation: string;
  /** Aborted by the first SIGINT or SIGTERM: end early if that is safe, the runner unwinds. */
  readonly signal: AbortSignal;
  /** What the steps before returned, by step id. Null where it was lost with a dead process. */
  readonly results: ReadonlyMap<string, unknown>;
  /**
   * Performs one change of the operator's system; every change goes through here by name. An act
   * of several moves tells each one to `reach`.
   */
  effect<T>(name: string, act: (reach: Reach) => T | Promise<T>): Promise<T>;
  /** Kept in the journal and shown at the end: a warning, something left as it is. */
  note: (text: string) => void;
  /** Shown while the step runs, and not kept. */
  say: (text: string) => void;
  /** Journals a process group started for this step, before it is allowed to act. */
  child: (identity: unknown) => void;
}

/**
 * One change of the operator's system. `do` and `undo` may both be called again after a crash in
 * the middle of either, so both must bring about an end state rather than make a move.
 */
export interface Step {
  /** Unique within the operation; a journal refers to it for ever. */
  id: string;
  /** What it does, for people: "Start release …". */
  title: string;
  /**
   * `refusal`: looks before anything is changed; its error keeps its own exit code.
   * `final`: tidies up after the operation took effect; its failure is a warning, and it is never
   * undone. Final steps come last.
   */
  kind?: "refusal" | "final";
  /**
   * Of a final step that the operation is for: its failure is the operation's. What comes before it
   * is undone, it is not. Names the command that tries again.
   */
  decisive?: { again: string };
  /** A reason not to do the step at all, or null. */
  skip?(run: StepRun): Promise<string | null> | string | null;
  probe(run: StepRun): Promise<Found> | Found;
  /** @returns what later steps and the report need, JSON-serialisable */
  do(run: StepRun): Promise<unknown>;
  undo(run: StepRun): Promise<void>;
}

/** For steps that change nothing. */
export const nothingToUndo = async (): Promise<void> => {};
export const nothingToProbe = (): Found => "unknown";

/** What is told while an operation runs; the command line draws it. */
export interface Observer {
  plan(steps: readonly Pick<Step, "id" | "title">[]): void;
  started(step: Pick<Step, "id" | "title">, phase: "do" | "undo"): void;
  ended(
    step: Pick<Step, "id" | "title">,
    phase: "do" | "undo",
    end: { state: "done" | "skipped" | "failed"; reason?: string },
  ): void;
  say(step: Pick<Step, "id" | "title">, text: string): void;
  note(text: string): void;
  /** Resolves when everything told is drawn. */
  close(): Promise<void>;
}
