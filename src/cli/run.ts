import { type ExitCode, StudioError, exitCodes, usageError } from "../errors.ts";
import type { Outcome } from "./command.ts";
import { createContext } from "./create-context.ts";
import { createMasker } from "./mask.ts";
import { createOutput } from "./output.ts";
import { placeOf } from "./place.ts";
import type { Parsed } from "./program.ts";
import { type Style, chalkPaint, plainPaint } from "./render.ts";
import { runAndTell } from "./run-and-tell.ts";
import { watchSignals } from "./signals.ts";

export interface RunInput {
  process: NodeJS.Process;
  parsed: Parsed;
  argv: readonly string[];
  /** Ends the process at once. */
  end: (exitCode: number) => void;
}

/** Runs the command that was typed, writes its result or its failure, tells the exit code. */
export async function runParsed({ process, parsed, argv, end }: RunInput): Promise<ExitCode> {
  const { options, words, action } = parsed;
  const masker = createMasker();
  const color = options.color && wantsColor(process.env);
  const output = createOutput({
    stdout: process.stdout,
    stderr: process.stderr,
    json: options.json || argv.includes("--json"),
    quiet: options.quiet,
    stdoutStyle: await styleOf(process.stdout, color),
    stderrStyle: await styleOf(process.stderr, color),
    masker,
  });
  if (action.kind !== "run") {
    return output.fail(
      words,
      action.kind === "refuse" ? action.error : new Error("nothing to run"),
    );
  }
  let stop: () => void = () => end(exitCodes.interrupted);
  const signals = watchSignals(output.message, () => stop());
  try {
    if (options.dryRun && action.command.dryRun === undefined) {
      throw usageError(
        `\`studio ${words.join(" ")}\` has no dry run. Nothing was changed.`,
        "Run it without --dry-run.",
      );
    }
    const { command, input } = action;
    const onSecondSignal = (act: () => void) => void (stop = act);
    const { env } = process;
    const place = await placeOf({ command, cwd: process.cwd(), env, options });
    const { signal } = signals;
    const local = place.kind === "here" ? place : { env, load: async () => place.project };
    const context = createContext({ ...local, process, options, output, masker, signal });
    let outcome: Outcome;
    if (place.kind === "here") {
      outcome = await runAndTell(command, context, input);
    } else {
      const { sendAway } = await import("./send-away.ts");
      outcome = await sendAway({ place, context, process, words, action, onSecondSignal, end });
    }
    output.finish(words, action.command, outcome);
    return outcome.exitCode ?? exitCodes.done;
  } catch (error) {
    return output.fail(words, interruption(error, signals.received()) ?? error);
  }
}

/** What a signal broke off is no bug, whatever the library it hit calls it. */
export function interruption(
  error: unknown,
  name: "SIGINT" | "SIGTERM" | null,
): StudioError | null {
  const aborted = error instanceof Error && ["AbortError", "ExitPromptError"].includes(error.name);
  if (error instanceof StudioError || (name === null && !aborted)) return null;
  const exitCode = name === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted;
  return new StudioError({ code: "interrupted", message: "Interrupted.", exitCode, cause: error });
}

async function styleOf(stream: NodeJS.WriteStream, color: boolean): Promise<Style> {
  const terminal = stream.isTTY === true;
  return { terminal, paint: terminal && color ? await chalkPaint() : plainPaint };
}

/** no-color.org: any non-empty NO_COLOR; a dumb terminal draws nothing. */
function wantsColor(env: NodeJS.ProcessEnv): boolean {
  return (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
}
