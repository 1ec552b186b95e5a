import { table } from "../../src/cli/blocks.ts";
import { countOption, defineCommand } from "../../src/cli/command.ts";
import { openSchedule } from "../../src/cli/schedule-place.ts";
import { roughDuration } from "../../src/format/rough.ts";
import type { HistoryRun } from "../../src/schedule/history.ts";

export default defineCommand<HistoryRun[]>({
  description: "Shows the runs of jobs, the latest first: also those that were skipped or missed.",
  arguments: [{ name: "JOB", summary: "Those of one alone" }],
  options: [{ flags: "--limit <count>", summary: "How many, the latest first", default: "20" }],
  examples: [{ line: "studio schedule history database", does: "the last runs of one job" }],
  dryRun: "reads",
  exitCodes: [0, 2, 8],
  async run(context, input) {
    const limit = countOption(input, "limit");
    const { jobHistory } = await import("../../src/schedule/history.ts");
    const place = await openSchedule(context);
    return { result: jobHistory(place, input.arguments[0] ?? null, limit) };
  },
  human: (runs) => [
    table(
      ["DUE", "JOB", "BY", "END", ">TOOK", "WHY"],
      runs.map((run) => [
        run.dueAt ?? run.claimedAt,
        run.job,
        run.trigger,
        run.standing,
        run.duration === null ? "" : roughDuration(run.duration),
        whyOf(run),
      ]),
      "nothing ran yet",
    ),
  ],
});

function whyOf({ late, reason, exitCode, signal, firings, standing }: HistoryRun): string {
  const facts = [
    ...(reason === null ? [] : [reason]),
    ...(firings > 1 ? [`${firings} times`] : []),
    ...(standing === "failed" && reason === null ? [`exit code ${exitCode ?? signal}`] : []),
    ...(late !== null && late >= 5000 && standing !== "missed"
      ? [`${roughDuration(late)} late`]
      : []),
  ];
  return facts.join("; ");
}
