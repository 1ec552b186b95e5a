import { text } from "../../src/cli/blocks.ts";
import {
  defineCommand,
  flagOption,
  lockWaitOption,
  messageOption,
  textOption,
} from "../../src/cli/command.ts";
import { openSchedule } from "../../src/cli/schedule-place.ts";
import type { CrontabChange } from "../../src/schedule/backends/install.ts";

export default defineCommand<CrontabChange & { dryRun: boolean }>({
  description: "Removes what `schedule install` wrote; every other byte of the crontab stays.",
  options: [
    { flags: "--force", summary: "Take away a block that was damaged or edited" },
    messageOption,
    lockWaitOption,
  ],
  examples: [{ line: "studio schedule uninstall", does: "run no jobs by cron any more" }],
  dryRun: "plans",
  exitCodes: [0, 2, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const { changeCrontab, previewCrontab } = await import(
      "../../src/schedule/backends/install.ts"
    );
    const { systemZone } = await import("../../src/schedule/backends/system-zone.ts");
    const { dryRun } = context.options;
    const request = {
      place: await openSchedule(context),
      env: context.env,
      zone: systemZone(),
      action: "uninstall" as const,
      force: flagOption(input, "force"),
      message: textOption(input, "message") ?? null,
    };
    if (dryRun) return { result: { ...(await previewCrontab(request)), dryRun } };
    const desk = await context.desk({ lockWait: textOption(input, "lockWait") });
    return { result: { ...(await changeCrontab(desk, request)), dryRun } };
  },
  human: ({ block, changed, dryRun }) =>
    dryRun
      ? [
          text(changed ? "The crontab would be changed." : "The crontab would stay as it is."),
          text(block ?? "No lines would be in it."),
        ]
      : [text(changed ? "Removed from the crontab." : "Nothing was installed.", "good")],
});
