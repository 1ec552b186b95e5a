import { table } from "../../src/cli/blocks.ts";
import { defineCommand } from "../../src/cli/command.ts";
import { openSchedule } from "../../src/cli/schedule-place.ts";
import type { ListedJob } from "../../src/schedule/list-jobs.ts";

export default defineCommand<ListedJob[]>({
  description:
    "Lists the jobs of the environment: when they are due, and what became of the last run.",
  examples: [{ line: "studio schedule list", does: "every job" }],
  dryRun: "reads",
  exitCodes: [0, 2, 8],
  async run(context) {
    const { listJobs } = await import("../../src/schedule/list-jobs.ts");
    return { result: listJobs(await openSchedule(context)) };
  },
  human: (jobs) => [
    table(
      ["JOB", "CRON", "ZONE", "GROUP", "NEXT", "LAST", "COMMAND"],
      jobs.map((job) => [
        job.name,
        job.cron,
        job.timezone,
        job.group ?? "",
        job.paused ? "paused" : (job.next ?? "never"),
        job.last === null ? "never ran" : `${job.last.standing} ${job.last.at}`,
        job.command,
      ]),
      "no jobs: schedule.jobs in studio.yaml names them",
    ),
  ],
});
