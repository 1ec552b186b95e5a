import { type ExitCode, StudioError, exitCodeMeanings, exitCodes } from "../errors.ts";
import type { JobRun } from "../ledger/job-runs.ts";
import type { Context } from "./context.ts";

/** What the program of a job is given: this environment, with the project's own variables. */
export async function jobVariables(context: Context): Promise<Context["env"]> {
  const { settings, directory } = await context.project();
  if (settings.variables.file === null) return { ...context.env };
  const { resolveVariables } = await import("../config/variables.ts");
  return resolveVariables({ settings, directory, env: context.env });
}

/** The error of a run that did not do what it was to do; null where it did. */
export function failureOf({ job, outcome, exitCode, reason, signal }: JobRun): StudioError | null {
  if (outcome === "succeeded") return null;
  const code = exitCode === null ? `by ${signal ?? "nobody knows what"}` : `exit code ${exitCode}`;
  return new StudioError({
    code: `schedule.${outcome ?? "unknown"}`,
    message: `The job "${job}" did not succeed (${outcome}): ${reason ?? code}.`,
    hint: `\`studio schedule logs ${job}\` shows what it wrote, \`studio schedule history ${job}\` its runs.`,
    exitCode: exitCodeOf(outcome === "skipped" ? exitCodes.incomplete : exitCode),
  });
}

/** A code that means something here is handed on: most jobs are commands of studio. */
function exitCodeOf(code: number | null): ExitCode {
  const isOwn = code !== null && code !== exitCodes.bug && Object.hasOwn(exitCodeMeanings, code);
  return isOwn ? (code as ExitCode) : exitCodes.checkFailed;
}
