import type { SuiteName } from "./built-in.ts";
import type { Timing } from "./time-calls.ts";

/** What is timed. */
export type SuiteSource =
  | { kind: "built-in"; names: readonly SuiteName[] }
  /** A module of the operator, by its absolute path. */
  | { kind: "file"; file: string };

/** What one thread has to do. */
export interface RoundTask {
  source: SuiteSource;
  /** Absolute paths of folders with models. */
  modelFolders: readonly string[];
  /** Of each benchmark. */
  iterations: number;
  /** The last one first. */
  reversed: boolean;
  /** What failed before is not tried again. */
  except: readonly string[];
}

export type FromRound =
  /** The suite cannot be made ready. */
  | { kind: "refused"; reason: string }
  /** All that will be timed. */
  | { kind: "ready"; names: string[] }
  | { kind: "begun"; name: string }
  | { kind: "timed"; name: string; timing: Timing }
  | { kind: "failed"; name: string; reason: string }
  | { kind: "done" };
