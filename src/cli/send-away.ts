import type { Outcome } from "./command.ts";
import { textOption } from "./command.ts";
import type { Context } from "./context.ts";
import { caller } from "./create-context.ts";
import { readDuration } from "./duration.ts";
import type { Place } from "./place.ts";
import type { Parsed } from "./program.ts";

export interface AwayInput {
  place: Extract<Place, { kind: "host" }>;
  context: Context;
  process: NodeJS.Process;
  words: readonly string[];
  action: Extract<Parsed["action"], { kind: "run" }>;
  onSecondSignal: (act: () => void) => void;
  end: (exitCode: number) => void;
}

/** Has a command run on the host of its environment, and shows here what happens there. */
export async function sendAway(input: AwayInput): Promise<Outcome> {
  const { place, context, process, words, action, onSecondSignal, end } = input;
  const { runOnHost } = await import("../remote/run-on-host.ts");
  const { env, options, output, prompt, terminal, signal } = context;
  const lockWait = textOption(action.input, "lockWait");
  return runOnHost({
    project: place.project,
    words,
    command: action.command,
    input: action.input,
    options,
    lockWait: lockWait === undefined ? 0 : await readDuration(lockWait),
    caller: caller(),
    scene: {
      env,
      output,
      prompt,
      observer: () => context.observer(),
      terminal,
      signal,
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      mayAsk: terminal.stdin && terminal.stderr && options.input,
      onSecondSignal,
      end,
    },
  });
}
