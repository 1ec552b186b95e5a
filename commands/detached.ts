import { defineCommand, textOption } from "../src/cli/command.ts";

export default defineCommand({
  description: "The process of the daemon that `serve --detach` starts.",
  arguments: [{ name: "ORDER", summary: "JSON", required: true }],
  options: [
    { flags: "--accept", summary: "Was started again; it serves as soon as it is ready anyhow" },
    { flags: "--ended-by <signal>", summary: "What ended the process before this one" },
  ],
  examples: [{ line: "studio __serve '{…}'", does: "started by the supervisor" }],
  files: "here",
  exitCodes: [0, 2, 8],
  output: "lines",
  async run(context, input) {
    const { serveDetached } = await import("../src/deploy/serve-detached.ts");
    await serveDetached(await context.workplace(), {
      daemon: JSON.parse(input.arguments[0] ?? ""),
      endedBy: textOption(input, "endedBy") ?? null,
      signal: context.signal,
    });
    return { result: null };
  },
});
