import type { ComparedRun } from "../../src/schedule/backends/compare.ts";
import { table } from "../../src/cli/blocks.ts";
import { defineCommand, flagOption, textOption } from "../../src/cli/command.ts";
import { openSchedule } from "../../src/cli/schedule-place.ts";
import { usageError } from "../../src/errors.ts";
import type { NextRun } from "../../src/schedule/next-runs.ts";

export default defineCommand<(NextRun | ComparedRun)[]>({
  description: "Shows when jobs are due next, in the zone of each and in UTC.",
  arguments: [{ name: "JOB", summary: "One alone" }],
  options: [
    { flags: "--count <count>", summary: "How many times of each job", default: "3" },
    { flags: "--compare", summary: "Whether cron and systemd would run it at each of them" },
  ],
  examples: [
    { line: "studio schedule next", does: "the next three times of each job" },
    { line: "studio schedule next database --count 20", does: "twenty of one" },
    { line: "studio schedule next --compare", does: "see that cron and systemd agree" },
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
    const runs = nextRuns(place, input.arguments[0] ?? null, count);
    if (!flagOption(input, "compare")) return { result: runs };
    const { compareRuns } = await import("../../src/schedule/backends/compare.ts");
    const { systemZone } = await import("../../src/schedule/backends/system-zone.ts");
    const { env } = context;
    return { result: await compareRuns(place, runs, { zone: systemZone(), env }) };
  },
  human: (runs) => [
    table(
      ["UTC", "LOCAL", "JOB", ...(runs.some(isCompared) ? ["CRON", "SYSTEMD"] : [])],
      runs.map((run) => [
        run.at,
        run.local,
        run.job,
        ...(isCompared(run) ? [word(run.crontab), word(run.systemd)] : []),
      ]),
      "nothing is due",
    ),
  ],
});

const isCompared = (run: NextRun | ComparedRun): run is ComparedRun => "crontab" in run;

/** Null where there is nothing to ask. */
const word = (fires: boolean | null): string => (fires === null ? "?" : fires ? "yes" : "NO");
