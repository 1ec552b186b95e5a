import { defineCommand } from "../src/cli/command.ts";

export default defineCommand<null>({
  description:
    "Runs a command in the project's folder with the environment's variables, and ends with its " +
    "exit code.",
  arguments: [{ name: "COMMAND", summary: "After --", required: true, variadic: true }],
  examples: [{ line: "studio exec -- printenv DATABASE_URL", does: "see what a release is given" }],
  exitCodes: [0, 2],
  output: "lines",
  async run(context, input) {
    const { runInEnvironment } = await import("../src/deploy/exec.ts");
    const { project, variables } = await context.workplace();
    const exitCode = await runInEnvironment({
      command: input.arguments,
      cwd: project.directory,
      env: { ...variables, STUDIO_ENV: project.environment },
    });
    return { result: null, exitCode };
  },
});
