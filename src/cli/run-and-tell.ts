import { StudioError, exitCodes } from "../errors.ts";
import type { Command, Input, Outcome } from "./command.ts";
import type { Context } from "./context.ts";
import { tellOutcome } from "./tell-outcome.ts";

/** Runs a command, and notifies of what it did to the environment before its end is shown. */
export async function runAndTell(
  command: Command,
  context: Context,
  input: Input,
): Promise<Outcome> {
  const begun = context.now();
  try {
    const outcome = await command.run(context, input);
    await tellOutcome(context, begun, outcome.exitCode ?? exitCodes.done);
    return outcome;
  } catch (error) {
    const exitCode = error instanceof StudioError ? error.exitCode : exitCodes.bug;
    await tellOutcome(context, begun, exitCode);
    throw error;
  }
}
