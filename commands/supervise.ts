import { defineCommand } from "../src/cli/command.ts";

export default defineCommand({
  description:
    "Holds an environment's listening socket and the processes that serve on it. Told to end " +
    "by SIGTERM or SIGINT, it lets the releases finish their requests and ends after them; " +
    "`studio up` starts the current one again.",
  arguments: [{ name: "SETTINGS", summary: "JSON", required: true }],
  examples: [
    {
      line: "studio __supervise '{…}'",
      does: "started by studio, with the socket as descriptor 3",
    },
  ],
  files: "here",
  exitCodes: [0],
  output: "lines",
  async run(context, input) {
    const { superviseWhenTold } = await import("../src/deploy/targets/local/supervisor.ts");
    await superviseWhenTold(JSON.parse(input.arguments[0] ?? ""), {
      stdin: process.stdin,
      env: context.env,
      signal: context.signal,
    });
    return { result: null };
  },
});
