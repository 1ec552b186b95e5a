import { defineCommand } from "../src/cli/command.ts";

export default defineCommand({
  description: "Holds an environment's listening socket and the processes that serve on it.",
  arguments: [{ name: "SETTINGS", summary: "JSON", required: true }],
  examples: [
    {
      line: "studio __supervise '{…}'",
      does: "started by studio, with the socket as descriptor 3",
    },
  ],
  exitCodes: [0],
  output: "lines",
  async run(context, input) {
    const { superviseWhenTold } = await import("../src/deploy/targets/local/supervisor.ts");
    await superviseWhenTold(JSON.parse(input.arguments[0] ?? ""), process.stdin, context.env);
    return { result: null };
  },
});
