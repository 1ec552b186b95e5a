import { showRun } from "../src/cli/bench-meter.ts";
import { benchBlocks, comparisonBlocks } from "../src/cli/bench-view.ts";
import {
  type Input,
  type Outcome,
  defineCommand,
  flagOption,
  listOption,
  textOption,
} from "../src/cli/command.ts";
import type { Context } from "../src/cli/context.ts";
import { usageError } from "../src/errors.ts";
import type { Comparison } from "../src/bench/compare/compare-reports.ts";
import type { BenchReport } from "../src/bench/report/bench-report.ts";

/** A run, and how it compares with the baseline that was asked for. */
type BenchOutcome = BenchReport & { comparison?: Comparison };

export default defineCommand<BenchOutcome>({
  description:
    "Runs a scenario against the release that serves, or against an address, and judges it by " +
    "its thresholds. `quick URL` sends every user's requests to one address.",
  arguments: [
    {
      name: "SCENARIO",
      summary: "Name of a scenario, or quick (default: smoke)",
      complete: "scenarios",
    },
    { name: "URL", summary: "With quick: the address" },
  ],
  options: [
    { flags: "--url <address>", summary: "Test this instead of the release that serves" },
    { flags: "--duration <time>", summary: "Measure so long instead, e.g. 10s" },
    { flags: "--users <count>", summary: "So many users instead" },
    { flags: "--rate <count>", summary: "So many requests a second instead, answered or not" },
    { flags: "--workers <count>", summary: "Send a rate from so many threads" },
    { flags: "--requests <count>", summary: "With quick: requests of each user (default: 10)" },
    { flags: "--scale <factor>", summary: "Multiply users, rates and times, e.g. 0.1" },
    { flags: "--repeat <count>", summary: "Play it so often, as one run (default: 1)" },
    { flags: "--baseline <name>", summary: "Compare with the run that has this name" },
    {
      flags: "--threshold <text>",
      summary: "Judge by this instead, e.g. p95<500ms",
      repeatable: true,
    },
    { flags: "--yes-remote", summary: "The target may be another machine than this" },
    { flags: "--insecure", summary: "Trust whatever certificate the target shows" },
  ],
  examples: [
    { line: "studio bench smoke --duration 10s", does: "a short look" },
    { line: "studio bench smoke --rate 200", does: "200 requests a second, however slow it is" },
    {
      line: "studio bench smoke --duration 10s --repeat 10 --baseline main",
      does: "and tell whether it became slower",
    },
    {
      line: "studio bench quick --users 50 --requests 10 http://127.0.0.1:8000/",
      does: "one address",
    },
  ],
  exitCodes: [0, 2, 4, 8, 9, 130, 143],
  async run(context, input) {
    const part = await import("../src/deploy/bench.ts");
    const { parseDuration } = await import("../src/config/quantity.ts");
    const place = await context.workplace();
    const [scenario = "smoke", address] = input.arguments;
    const users = count(textOption(input, "users"), "--users");
    const given = listOption(input, "threshold");
    const load = {
      thresholds: given.length === 0 ? undefined : given,
      remote: flagOption(input, "yesRemote"),
      insecure: flagOption(input, "insecure"),
    };
    const duration = textOption(input, "duration");
    const sent = {
      users,
      duration: duration === undefined ? undefined : parseDuration(duration),
      rate: above0(textOption(input, "rate"), "--rate"),
      workers: count(textOption(input, "workers"), "--workers"),
    };
    const requests = count(textOption(input, "requests"), "--requests");
    if (scenario === "quick") {
      const url = address ?? textOption(input, "url");
      if (url === undefined) throw usageError("quick needs an address.", "studio bench quick URL");
      refuse(input, ["scale", "repeat", "baseline"], "quick");
      const options = { ...load, ...sent, requests, url };
      const quick = await showRun(context, (onProgress) =>
        part.quickBench(place, { ...options, onProgress }),
      );
      return ended(context, quick, null);
    }
    refuse(input, ["requests"], "a scenario");
    if (address !== undefined) {
      throw usageError(`"${address}" is one word too many.`, "The address of a scenario is --url.");
    }
    const name = textOption(input, "baseline");
    const baselines = await import("../src/deploy/bench-baselines.ts");
    const base = name === undefined ? null : baselines.readBaseline(place.desk, name, scenario);
    const options = {
      ...load,
      ...sent,
      scenario,
      url: textOption(input, "url") ?? null,
      scale: above0(textOption(input, "scale"), "--scale"),
      repeats: count(textOption(input, "repeat"), "--repeat"),
    };
    const report = await showRun(context, (onProgress) =>
      part.bench(place, { ...options, onProgress }),
    );
    return ended(context, report, base);
  },
  human: (result) => [
    ...benchBlocks(result),
    ...(result.comparison === undefined ? [] : comparisonBlocks(result.comparison)),
  ],
});

async function ended(
  context: Context,
  report: BenchReport,
  base: BenchReport | null,
): Promise<Outcome<BenchOutcome>> {
  const part = await import("../src/deploy/bench-ending.ts");
  const { comparison, error } = part.benchEnding(report, base);
  const file = context.env["GITHUB_STEP_SUMMARY"];
  if (file !== undefined && file !== "") {
    const problem = await part.appendSummary(file, report, comparison);
    if (problem !== null) context.output.warn(`The step summary was not written: ${problem}`);
  }
  const result = comparison === null ? report : { ...report, comparison };
  return error === null ? { result } : { result, exitCode: error.exitCode, error };
}

/** What would be passed over in silence is a mistake of whoever typed it. */
function refuse(input: Input, options: readonly string[], what: string): void {
  const one = options.find((name) => textOption(input, name) !== undefined);
  if (one !== undefined) throw usageError(`--${one} is nothing for ${what}.`, "Leave it out.");
}

function count(value: string | undefined, flag: string): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[1-9]\d{0,6}$/.test(value)) throw usageError(`${flag} takes a whole number from 1.`);
  return Number(value);
}

function above0(value: string | undefined, flag: string): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!(number > 0)) throw usageError(`${flag} takes a number above 0.`);
  return number;
}
