import { text } from "../src/cli/blocks.ts";
import { defineCommand, textOption } from "../src/cli/command.ts";
import { runPlanBlocks } from "../src/cli/deploy-view.ts";
import type { RunPlanView, RunResult } from "../src/deploy/run-release.ts";

export default defineCommand<RunResult | { plan: RunPlanView }>({
  description:
    "Lets the current release finish its requests, then ends it. Data and backups stay; `up` " +
    "starts the same release again.",
  options: [
    { flags: "-m, --message <text>", summary: "Why, for the history" },
    { flags: "--lock-wait <duration>", summary: "Wait for another operation, e.g. 5m" },
  ],
  examples: [{ line: 'studio down -m "disk change"', does: "stop, and say why" }],
  dryRun: "plans",
  exitCodes: [0, 2, 3, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const { takeDown, previewRun } = await import("../src/deploy/run-release.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    if (context.options.dryRun) return { result: { plan: await previewRun(place, "down") } };
    return { result: await takeDown(place, textOption(input, "message") ?? null) };
  },
  human(result) {
    if ("plan" in result) return runPlanBlocks(result.plan);
    const { release, changed } = result;
    return [text(`Release ${release} ${changed ? "was taken down" : "was down already"}.`)];
  },
});
