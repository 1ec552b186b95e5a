import type { Readable, Writable } from "node:stream";
import type { Context } from "../cli/context.ts";
import type { Observer } from "../operation/step.ts";

/** This machine's side of a run on another one: where it is shown, and who may be asked. */
export interface Scene {
  env: Record<string, string | undefined>;
  output: Pick<Context["output"], "message" | "warn" | "line">;
  prompt: Context["prompt"];
  observer: () => Promise<Observer>;
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
  terminal: { stdin: boolean; stdout: boolean; stderr: boolean };
  /** True where there is a terminal, and nobody said that nothing is to be asked. */
  mayAsk: boolean;
  /** Aborted by the first SIGINT or SIGTERM; the reason is the signal's name. */
  signal: AbortSignal;
  /** What a second SIGINT does: without it, this process ends at once. */
  onSecondSignal: (act: () => void) => void;
  /** Ends this process at once. */
  end: (exitCode: number) => void;
}
