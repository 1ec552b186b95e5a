import { defineCommand, textOption } from "../../src/cli/command.ts";
import { failureOf } from "../../src/cli/job-view.ts";
import { runJob } from "../../src/cli/run-job.ts";
import { usageError } from "../../src/errors.ts";

const triggers = ["crontab", "systemd", "daemon"] as const;

export default defineCommand({
  description:
    "Runs what is due of a job. cron, systemd and the daemon all call this; what is due at one " +
    "time is run once, however many call it. Where nothing is due, nothing is done.",
  arguments: [{ name: "JOB", summary: "Its name", required: true }],
  options: [
    { flags: "--by <trigger>", summary: "What calls it", default: "crontab", complete: triggers },
  ],
  examples: [{ line: "studio schedule exec database --by crontab", does: "as cron calls it" }],
  exitCodes: [0, 2, 3, 4, 5, 6, 7, 8, 9, 130, 143],
  async run(context, input) {
    const trigger = triggers.find((one) => one === textOption(input, "by"));
    if (trigger === undefined) throw usageError(`--by takes ${triggers.join(", ")}.`);
    const runs = await runJob(context, input.arguments[0] ?? "", trigger);
    // One that was skipped is in the history; cron would send a mail each time.
    const failed = runs.filter(({ outcome }) => outcome !== "skipped").map(failureOf);
    const error = failed.find((one) => one !== null) ?? null;
    if (error !== null) throw error;
    return { result: null, silent: true };
  },
});
