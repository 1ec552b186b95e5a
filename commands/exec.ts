import { defineCommand, textOption } from "../src/cli/command.ts";

export default defineCommand<null>({
  description:
    "Runs a command where the release that serves runs, with the environment's variables, and ends " +
    "with its exit code: in the project's folder, or in the container of a stack's service.",
  options: [{ flags: "--service <name>", summary: "In another service of the stack" }],
  arguments: [{ name: "COMMAND", summary: "After --", required: true, variadic: true }],
  examples: [{ line: "studio exec -- printenv DATABASE_URL", does: "see what a release is given" }],
  handsOn: true,
  exitCodes: [0, 2, 8],
  output: "lines",
  async run(context, input) {
    const { runInEnvironment } = await import("../src/deploy/exec.ts");
    const exitCode = await runInEnvironment(await context.workplace(), {
      command: input.arguments,
      service: textOption(input, "service") ?? null,
      terminal: context.terminal.stdin && context.terminal.stdout,
    });
    return { result: null, exitCode };
  },
});
