import { fields, text } from "../src/cli/blocks.ts";
import { defineCommand, flagOption, textOption } from "../src/cli/command.ts";
import { deployText, planBlocks } from "../src/cli/deploy-view.ts";
import type { DeployResult } from "../src/deploy/deploy.ts";
import type { DeployPlanView } from "../src/deploy/preview-deploy.ts";

export default defineCommand<DeployResult | { plan: DeployPlanView }>({
  description:
    "Returns to an earlier release by the same path as a deploy: exactly the code, models and " +
    "settings that were kept of it. Refuses when the schema has gone where it cannot follow.",
  arguments: [
    {
      name: "RELEASE",
      summary: "Id of the release, or its beginning (default: the one before)",
      complete: "releases",
    },
  ],
  options: [
    { flags: "-m, --message <text>", summary: "Why, for the history" },
    { flags: "--lock-wait <duration>", summary: "Wait for another operation, e.g. 5m" },
    { flags: "--with-down", summary: "Take back migrations that release cannot run with" },
    { flags: "--skip-backup", summary: "Take no backup first (recorded in the history)" },
    { flags: "--skip-gate", summary: "Do not load-test the release before it serves (recorded)" },
  ],
  examples: [
    { line: "studio rollback", does: "return to the release before" },
    { line: "studio rollback --dry-run", does: "show what would happen" },
    { line: "studio rollback 20261120T21", does: "return to a certain one" },
  ],
  dryRun: "plans",
  exitCodes: [0, 2, 3, 4, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const { previewRollback, rollback } = await import("../src/deploy/rollback.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const options = {
      to: input.arguments[0] ?? null,
      withDown: flagOption(input, "withDown"),
      message: textOption(input, "message") ?? null,
      skip: { backup: flagOption(input, "skipBackup"), gate: flagOption(input, "skipGate") },
    };
    if (context.options.dryRun) return { result: { plan: await previewRollback(place, options) } };
    const result = await rollback(place, options);
    for (const warning of result.warnings) context.output.warn(warning);
    return { result };
  },
  human(result) {
    if ("plan" in result) return planBlocks(result.plan);
    return [text(deployText(result), "good"), fields([["url", result.url]])];
  },
});
