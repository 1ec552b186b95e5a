import { defineCommand, flagOption, listOption, textOption } from "../src/cli/command.ts";
import { usageError } from "../src/errors.ts";

export default defineCommand<null>({
  description:
    "Shows the log of the release that serves, one JSON object a line; where nothing was deployed, " +
    "that of the daemon that `serve --detach` started. With several --service, each line begins with " +
    "the name of its service.",
  options: [
    { flags: "-f, --follow", summary: "Go on with what is written from now on" },
    { flags: "--lines <count>", summary: "How many of the last lines", default: "100" },
    { flags: "--service <name>", summary: "Of another service of the stack", repeatable: true },
    { flags: "--detached", summary: "Of the daemon that `serve --detach` started" },
    { flags: "--release <id>", summary: "Of another release", complete: "releases" },
  ],
  examples: [
    { line: "studio logs -f", does: "follow the log" },
    { line: "studio logs --service api --service db", does: "those of two services of a stack" },
  ],
  dryRun: "reads",
  exitCodes: [0, 2, 8],
  output: "lines",
  async run(context, input) {
    const { showLogs } = await import("../src/deploy/logs.ts");
    const lines = Number(textOption(input, "lines"));
    if (!Number.isInteger(lines) || lines < 0) throw usageError("--lines takes a whole number.");
    await showLogs(await context.workplace(), {
      release: textOption(input, "release") ?? null,
      detached: flagOption(input, "detached"),
      services: listOption(input, "service"),
      lines,
      follow: flagOption(input, "follow"),
      signal: context.signal,
      write: (line) => context.output.line(line),
    });
    return { result: null };
  },
});
