import { text } from "../../src/cli/blocks.ts";
import { defineCommand } from "../../src/cli/command.ts";
import { failureOf, jobVariables } from "../../src/cli/job-view.ts";
import { openSchedule } from "../../src/cli/schedule-place.ts";
import { roughDuration } from "../../src/format/rough.ts";
import type { HistoryRun } from "../../src/schedule/history.ts";

export default defineCommand<HistoryRun>({
  description:
    "Runs a job now, as its schedule would: with its locks, its timeout and its place in the history.",
  arguments: [{ name: "JOB", summary: "Its name", required: true }],
  examples: [{ line: "studio schedule run database", does: "see that it works" }],
  exitCodes: [0, 2, 3, 4, 5, 6, 7, 8, 9, 130, 143],
  async run(context, input) {
    const { executeJob } = await import("../../src/schedule/execute/execute.ts");
    const { describeRun } = await import("../../src/schedule/history.ts");
    const [run] = await executeJob({
      place: await openSchedule(context),
      job: input.arguments[0] ?? "",
      trigger: "hand",
      env: await jobVariables(context),
      signal: context.signal,
    });
    if (run === undefined) throw new Error("a run by hand left no trace");
    const error = failureOf(run);
    const result = describeRun(run);
    return error === null ? { result } : { result, exitCode: error.exitCode, error };
  },
  human: ({ job, standing, duration, log }) => [
    text(
      `${job}: ${standing}${duration === null ? "" : ` in ${roughDuration(duration)}`}.`,
      standing === "succeeded" ? "good" : "bad",
    ),
    ...(log === null ? [] : [text(log, "dim")]),
  ],
});
