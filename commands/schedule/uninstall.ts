import { defineCommand } from "../../src/cli/command.ts";
import {
  type ScheduleAnswer,
  changeOptions,
  changeWhatCalls,
  describeChange,
} from "../../src/cli/schedule-change.ts";

export default defineCommand<ScheduleAnswer>({
  description:
    "Removes what `schedule install` wrote, from the crontab and from systemd; every other byte of " +
    "the crontab stays.",
  options: changeOptions,
  examples: [{ line: "studio schedule uninstall", does: "run no jobs any more" }],
  dryRun: "plans",
  exitCodes: [0, 2, 5, 6, 7, 8, 130, 143],
  run: (context, input) => changeWhatCalls(context, input, null),
  human: (answer) =>
    describeChange(answer, { changed: "Removed.", unchanged: "Nothing was installed." }),
});
