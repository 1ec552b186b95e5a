import { defineCommand, flagOption, textOption } from "../src/cli/command.ts";

export default defineCommand({
  description: "The process of one release.",
  arguments: [{ name: "ORDER", summary: "JSON", required: true }],
  options: [
    { flags: "--accept", summary: "Take public traffic as soon as it is ready" },
    { flags: "--ended-by <signal>", summary: "What ended the process before this one" },
  ],
  examples: [{ line: "studio __instance '{…}'", does: "started by the supervisor" }],
  files: "here",
  exitCodes: [0, 2, 8],
  output: "lines",
  async run(context, input) {
    const { runInstance } = await import("../src/deploy/targets/local/instance.ts");
    await runInstance({
      order: JSON.parse(input.arguments[0] ?? ""),
      accept: flagOption(input, "accept"),
      endedBy: textOption(input, "endedBy") ?? null,
      env: context.env,
      signal: context.signal,
    });
    return { result: null };
  },
});
