import { table } from "../../src/cli/blocks.ts";
import { defineCommand, textOption } from "../../src/cli/command.ts";
import { openSchedule } from "../../src/cli/schedule-place.ts";
import { usageError } from "../../src/errors.ts";
import type { NextRun } from "../../src/schedule/next-runs.ts";

export default defineCommand<NextRun[]>({
  description: "Shows when jobs are due next, in the zone of each and in UTC.",
  arguments: [{ name: "JOB", summary: "One alone" }],
  options: [{ flags: "--count <count>", summary: "How many times of each job", default: "3" }],
  examples: [
    { line: "studio schedule next", does: "the next three times of each job" },
    { line: "studio schedule next database --count 20", does: "twenty of one" },
  ],
  dryRun: "reads",
  exitCodes: [0, 2],
  async run(context, input) {
    const count = Number(textOption(input, "count"));
    if (!Number.isInteger(count) || count < 1 || count > 1000) {
      throw usageError("--count takes a whole number from 1 to 1000.");
    }
    const { nextRuns } = await import("../../src/schedule/next-runs.ts");
    const place = await openSchedule(context);
    return { result: nextRuns(place, input.arguments[0] ?? null, count) };
  },
  human: (runs) => [
    table(
      ["UTC", "LOCAL", "JOB"],
      runs.map(({ at, local, job }) => [at, local, job]),
      "nothing is due",
    ),
  ],
});
