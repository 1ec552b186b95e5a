import { defineCommand } from "../../src/cli/command.ts";
import {
  type ScheduleAnswer,
  changeOptions,
  changeWhatCalls,
  describeChange,
  readTarget,
} from "../../src/cli/schedule-change.ts";

export default defineCommand<ScheduleAnswer>({
  description:
    "Lets cron run the jobs, by a marked block in the crontab of your own user, of which every other " +
    "byte stays; or systemd, by timers of your own user. What one of them ran the other no longer " +
    "does. Installing again brings it up to date with studio.yaml. Tells where clocks that are " +
    "changed move a job.",
  options: [
    {
      flags: "--target <target>",
      summary: "crontab or systemd",
      default: "crontab",
      complete: ["crontab", "systemd"],
    },
    ...changeOptions,
  ],
  examples: [
    { line: "studio schedule install", does: "run the jobs when they are due" },
    { line: "studio schedule install --dry-run", does: "print the lines" },
    { line: "studio schedule install --target systemd", does: "by timers" },
  ],
  dryRun: "plans",
  exitCodes: [0, 2, 5, 6, 7, 8, 130, 143],
  run: (context, input) => changeWhatCalls(context, input, readTarget(input)),
  human: (answer) =>
    describeChange(answer, {
      changed: answer.target === "systemd" ? "Installed in systemd." : "Installed in the crontab.",
      unchanged: "Was installed already.",
    }),
});
