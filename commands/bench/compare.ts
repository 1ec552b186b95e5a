import { showRun } from "../../src/cli/bench-meter.ts";
import { comparisonBlocks } from "../../src/cli/bench-view.ts";
import {
  type Input,
  countOption,
  defineCommand,
  flagOption,
  textOption,
} from "../../src/cli/command.ts";
import type { Comparison } from "../../src/bench/compare/compare-reports.ts";

export default defineCommand<Comparison>({
  description:
    "Compares two runs, or plays a scenario against two addresses in turns and compares those: " +
    "faster, slower, the same within 10 %, or inconclusive. A difference of equals is told in at " +
    "most 5 of 100 comparisons. Runs of different machines or loads are inconclusive.",
  arguments: [
    { name: "BASE", summary: "Run, baseline or address (default: the baseline of bench.baseline)" },
    { name: "OTHER", summary: "What is compared with it (default: latest)" },
  ],
  options: [
    { flags: "--baseline <name>", summary: "The base, by name; then BASE is the other" },
    { flags: "--scenario <name>", summary: "With addresses: what is played", default: "smoke" },
    { flags: "--repeat <count>", summary: "With addresses: how often, each", default: "10" },
    { flags: "--duration <time>", summary: "With addresses: so long each time" },
    { flags: "--force", summary: "Compare what differs in machine, load or validity, too" },
    { flags: "--yes-remote", summary: "The addresses may be of another machine than this" },
    { flags: "--insecure", summary: "Trust whatever certificate they show" },
  ],
  examples: [
    { line: "studio bench compare main latest", does: "the last run with the baseline" },
    {
      line: "studio bench compare http://127.0.0.1:8000 http://127.0.0.1:8001 --duration 5s",
      does: "two servers, ten times each, in turns",
    },
  ],
  exitCodes: [0, 2, 4, 8, 9, 130, 143],
  async run(context, input) {
    const part = await import("../../src/deploy/compare-bench.ts");
    const named = textOption(input, "baseline");
    const [first, second] = input.arguments;
    const standing = async () => (await context.project()).settings.bench.baseline;
    const base = named ?? first ?? (await standing());
    const other = (named === undefined ? second : first) ?? "latest";
    part.requireAlike(base, other);
    const force = flagOption(input, "force");
    const result = part.isAddress(base)
      ? await showRun(context, async (onProgress) =>
          part.compareAddresses(await context.workplace(), {
            ...(await playing(input)),
            urls: [base, other],
            force,
            onProgress,
          }),
        )
      : part.compareRuns(await context.desk(), [base, other], force);
    const error = part.comparisonFailure(result);
    return error === null ? { result } : { result, exitCode: error.exitCode, error };
  },
  human: comparisonBlocks,
});

async function playing(input: Input) {
  const { parseDuration } = await import("../../src/config/quantity.ts");
  const duration = textOption(input, "duration");
  return {
    scenario: textOption(input, "scenario") ?? "smoke",
    repeats: countOption(input, "repeat"),
    duration: duration === undefined ? undefined : parseDuration(duration),
    remote: flagOption(input, "yesRemote"),
    insecure: flagOption(input, "insecure"),
  };
}
