import type { ExitCode } from "../errors.ts";
import { usageError } from "../errors.ts";
import { runCommand } from "../shell/exec.ts";

/** Runs a command with the terminal handed through; resolves to its exit code. */
export async function runInEnvironment(input: {
  command: readonly string[];
  cwd: string;
  env: Record<string, string | undefined>;
}): Promise<ExitCode> {
  const [file = "", ...argv] = input.command;
  const result = await runCommand(file, argv, {
    cwd: input.cwd,
    env: input.env,
    stdio: "inherit",
  });
  if (result.exitCode === 127) {
    throw usageError(`The command "${file}" could not be found or started.`);
  }
  // The exit code is the command's own, whatever it means to it.
  return result.exitCode as ExitCode;
}
