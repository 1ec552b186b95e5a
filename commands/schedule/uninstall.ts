import { defineCommand } from "../../src/cli/command.ts";
import {
  type CrontabAnswer,
  changeCrontabBlock,
  crontabOptions,
  describeCrontab,
} from "../../src/cli/crontab-change.ts";

export default defineCommand<CrontabAnswer>({
  description: "Removes what `schedule install` wrote; every other byte of the crontab stays.",
  options: crontabOptions,
  examples: [{ line: "studio schedule uninstall", does: "run no jobs by cron any more" }],
  dryRun: "plans",
  exitCodes: [0, 2, 5, 6, 7, 8, 130, 143],
  run: (context, input) => changeCrontabBlock(context, input, "uninstall"),
  human: (answer) =>
    describeCrontab(answer, {
      changed: "Removed from the crontab.",
      unchanged: "Nothing was installed.",
    }),
});
