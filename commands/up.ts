import { text } from "../src/cli/blocks.ts";
import { defineCommand, lockWaitOption, messageOption, textOption } from "../src/cli/command.ts";
import { runPlanBlocks } from "../src/cli/deploy-view.ts";
import type { RunPlanView, RunResult } from "../src/deploy/run-release.ts";

export default defineCommand<RunResult | { plan: RunPlanView }>({
  description: "Starts the current release again, as it was deployed: after `down`, or a reboot.",
  options: [messageOption, lockWaitOption],
  examples: [{ line: "studio up", does: "start the current release" }],
  dryRun: "plans",
  exitCodes: [0, 2, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const { bringUp, previewUp } = await import("../src/deploy/run-release.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    if (context.options.dryRun) return { result: { plan: await previewUp(place) } };
    return { result: await bringUp(place, textOption(input, "message") ?? null) };
  },
  human(result) {
    if ("plan" in result) return runPlanBlocks(result.plan);
    const { release, url, changed } = result;
    return [
      text(`Release ${release} ${changed ? "serves" : "was serving already"} on ${url}.`, "good"),
    ];
  },
});
