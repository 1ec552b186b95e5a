import { fields, text } from "../src/cli/blocks.ts";
import {
  defineCommand,
  flagOption,
  lockWaitOption,
  messageOption,
  textOption,
} from "../src/cli/command.ts";
import { deployText, planBlocks } from "../src/cli/deploy-view.ts";
import { issuedKeyBlocks } from "../src/cli/key-view.ts";
import type { DeployResult } from "../src/deploy/deploy.ts";
import type { DeployPlanView } from "../src/deploy/preview-deploy.ts";

export default defineCommand<DeployResult | { plan: DeployPlanView }>({
  description:
    "Makes a release of the code, models and settings that are here, backs up and migrates, " +
    "starts it beside the one that serves, tests it, and moves the traffic over. Whatever fails " +
    "is undone: the release before goes on serving.",
  options: [
    messageOption,
    lockWaitOption,
    { flags: "--skip-backup", summary: "Take no backup first (recorded in the history)" },
    {
      flags: "--allow-breaking",
      summary:
        "Apply migrations that the running release cannot live with, behind a maintenance page",
    },
    { flags: "--skip-gate", summary: "Do not load-test the release before it serves (recorded)" },
  ],
  examples: [
    { line: "studio deploy", does: "deploy to the local environment" },
    { line: "studio deploy --dry-run", does: "show what would happen" },
    { line: 'studio deploy --env production -m "new ranking model"', does: "say why" },
  ],
  dryRun: "plans",
  files: "sent",
  exitCodes: [0, 2, 3, 4, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const options = {
      message: textOption(input, "message") ?? null,
      allowBreaking: flagOption(input, "allowBreaking"),
      skip: { backup: flagOption(input, "skipBackup"), gate: flagOption(input, "skipGate") },
    };
    if (context.options.dryRun) {
      const { previewDeploy } = await import("../src/deploy/preview-deploy.ts");
      return { result: { plan: await previewDeploy(await context.view(), options) } };
    }
    const { deploy } = await import("../src/deploy/deploy.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const result = await deploy(place, options);
    for (const warning of result.warnings) context.output.warn(warning);
    return { result };
  },
  human(result) {
    if ("plan" in result) return planBlocks(result.plan);
    return [
      text(deployText(result), "good"),
      fields([["url", result.url]]),
      ...(result.firstKey === null ? [] : issuedKeyBlocks(result.firstKey)),
    ];
  },
});
