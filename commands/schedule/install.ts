import { defineCommand } from "../../src/cli/command.ts";
import {
  type CrontabAnswer,
  changeCrontabBlock,
  crontabOptions,
  describeCrontab,
} from "../../src/cli/crontab-change.ts";

export default defineCommand<CrontabAnswer>({
  description:
    "Lets cron run the jobs: writes a marked block into the crontab of your own user. Every other byte of it stays. Installing again brings the block up to date with studio.yaml.",
  options: crontabOptions,
  examples: [
    { line: "studio schedule install", does: "run the jobs when they are due" },
    { line: "studio schedule install --dry-run", does: "print the lines" },
  ],
  dryRun: "plans",
  exitCodes: [0, 2, 5, 6, 7, 8, 130, 143],
  run: (context, input) => changeCrontabBlock(context, input, "install"),
  human: (answer) =>
    describeCrontab(answer, {
      changed: "Installed in the crontab.",
      unchanged: "Was installed already.",
    }),
});
