import { table } from "../../src/cli/blocks.ts";
import { defineCommand } from "../../src/cli/command.ts";
import { openSchedule } from "../../src/cli/schedule-place.ts";
import { StudioError, exitCodes } from "../../src/errors.ts";
import type { CheckedJob } from "../../src/schedule/check.ts";

export default defineCommand<CheckedJob[]>({
  description:
    "Tells whether each job was done when it was due: exit code 4 where one is overdue or failing, " +
    "or nothing is there to run it. Paused jobs are left out.",
  examples: [{ line: "studio schedule check", does: "see that jobs are done" }],
  dryRun: "reads",
  exitCodes: [0, 2, 4, 8],
  async run(context) {
    const { checkJobs } = await import("../../src/schedule/check.ts");
    const result = checkJobs(await openSchedule(context));
    const wrong = result.filter(({ health }) => health !== "good" && health !== "paused");
    if (wrong.length === 0) return { result };
    return { result, exitCode: exitCodes.checkFailed, error: failure(wrong) };
  },
  human: (jobs) => [
    table(
      ["JOB", "HEALTH", "LAST SUCCESS", "NEXT", "WHY"],
      jobs.map((one) => [
        one.job,
        one.health,
        one.lastSuccess ?? "never",
        one.next ?? "never",
        one.reason ?? "",
      ]),
      "no jobs",
    ),
  ],
});

function failure(wrong: readonly CheckedJob[]): StudioError {
  const absent = wrong.every(({ health }) => health === "not installed");
  return new StudioError({
    code: "schedule.check-failed",
    message: `Not done as they should be: ${wrong.map(({ job, health }) => `${job} (${health})`).join(", ")}.`,
    hint: absent
      ? "`studio schedule install` lets cron run them."
      : "`studio schedule history` shows the runs, `studio schedule logs JOB` what one wrote.",
    exitCode: exitCodes.checkFailed,
  });
}
