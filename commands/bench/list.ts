import { heading, table } from "../../src/cli/blocks.ts";
import { countOption, defineCommand } from "../../src/cli/command.ts";
import type { BenchList } from "../../src/deploy/bench-runs.ts";
import { roughDuration } from "../../src/format/rough.ts";

export default defineCommand<BenchList>({
  description:
    "Lists the scenarios, the project's own first, and the runs that were made in the environment.",
  arguments: [{ name: "SCENARIO", summary: "Of one alone", complete: "scenarios" }],
  options: [{ flags: "--limit <count>", summary: "How many runs, latest first", default: "20" }],
  examples: [
    { line: "studio bench list", does: "all scenarios, and the last 20 runs" },
    { line: "studio bench list smoke --limit 5", does: "the last runs of one" },
  ],
  dryRun: "reads",
  exitCodes: [0, 2, 8],
  async run(context, input) {
    const limit = countOption(input, "limit");
    const { listBench } = await import("../../src/deploy/bench-runs.ts");
    const scenario = input.arguments[0] ?? null;
    const [desk, project] = [await context.desk(), await context.project()];
    return { result: await listBench(desk, project, { scenario, limit }) };
  },
  human: ({ scenarios, runs, suites }) => [
    heading("Scenarios"),
    table(
      ["NAME", "LOAD", "FOR", "DESCRIPTION"],
      scenarios.map(({ name, scenario, problem }) =>
        scenario === null
          ? [name, "not valid", "", problem ?? ""]
          : [name, loadOf(scenario), roughDuration(scenario.duration), scenario.description],
      ),
      "none of that name",
    ),
    heading("Runs"),
    table(
      ["RUN", "SCENARIO", "ENDED", ">RATE", ">P50 MS", ">P95 MS", ">P99 MS", ">ERRORS", "TARGET"],
      runs.map((run) => [
        run.id,
        run.scenario,
        run.valid ? (run.passed ? "passed" : "not passed") : "invalid",
        run.rate.toFixed(1),
        ...[run.p50, run.p95, run.p99].map((time) => time?.toFixed(1) ?? ""),
        `${(run.errorRate * 100).toFixed(1)} %`,
        run.url,
      ]),
      "none yet: `studio bench` makes one",
    ),
    ...(suites.length === 0
      ? []
      : [
          heading("Micro-benchmarks"),
          table(
            ["RUN", "SUITE", "STARTED", "ENDED", ">BENCHMARKS"],
            suites.map((run) => [
              run.id,
              run.suite,
              run.startedAt,
              run.passed ? "passed" : "some failed",
              String(run.benchmarks),
            ]),
            "none",
          ),
        ]),
  ],
});

type Load = Pick<NonNullable<BenchList["scenarios"][number]["scenario"]>, "users" | "open">;

function loadOf({ users, open }: Load): string {
  if (open === null) return `${users} users`;
  const rates = open.stages.flatMap(({ from, to }) => [from, to]);
  const [least, most] = [Math.min(...rates), Math.max(...rates)];
  return least === most ? `${most} a second` : `${least} to ${most} a second`;
}
