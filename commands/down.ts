import { text } from "../src/cli/blocks.ts";
import { defineCommand, textOption } from "../src/cli/command.ts";
import type { RunResult } from "../src/deploy/run-release.ts";

export default defineCommand<RunResult>({
  description:
    "Lets the current release finish its requests, then ends it. Data and backups stay; `up` " +
    "starts the same release again.",
  options: [
    { flags: "-m, --message <text>", summary: "Why, for the history" },
    { flags: "--lock-wait <duration>", summary: "Wait for another operation, e.g. 5m" },
  ],
  examples: [{ line: 'studio down -m "disk change"', does: "stop, and say why" }],
  exitCodes: [0, 2, 3, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const { takeDown } = await import("../src/deploy/run-release.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    return { result: await takeDown(place, textOption(input, "message") ?? null) };
  },
  human: ({ release, changed }) => [
    text(`Release ${release} ${changed ? "was taken down" : "was down already"}.`),
  ],
});
