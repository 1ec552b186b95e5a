import { text } from "../../src/cli/blocks.ts";
import { defineCommand } from "../../src/cli/command.ts";
import { failureOf } from "../../src/cli/job-view.ts";
import { runJob } from "../../src/cli/run-job.ts";
import { roughDuration } from "../../src/format/rough.ts";
import type { HistoryRun } from "../../src/schedule/history.ts";

export default defineCommand<HistoryRun>({
  description:
    "Runs a job now, as its schedule would: with its locks, its timeout and its place in the history.",
  arguments: [{ name: "JOB", summary: "Its name", required: true }],
  examples: [{ line: "studio schedule run database", does: "see that it works" }],
  exitCodes: [0, 2, 3, 4, 5, 6, 7, 8, 9, 130, 143],
  async run(context, input) {
    const { describeRun } = await import("../../src/schedule/history.ts");
    const [run] = await runJob(context, input.arguments[0] ?? "", "hand");
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
