import { fields, table, text } from "../src/cli/blocks.ts";
import { defineCommand, listOption, textOption } from "../src/cli/command.ts";
import { type StudioError, usageError } from "../src/errors.ts";
import type { BenchReport } from "../src/deploy/bench.ts";

type Requests = BenchReport["summary"]["requests"];

export default defineCommand<BenchReport>({
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
    { flags: "--requests <count>", summary: "With quick: requests of each user", default: "10" },
    { flags: "--scale <factor>", summary: "Multiply the users, e.g. 0.1" },
    {
      flags: "--threshold <text>",
      summary: "Judge by this instead, e.g. p95<500ms",
      repeatable: true,
    },
  ],
  examples: [
    { line: "studio bench smoke --duration 10s", does: "a short look" },
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
    const thresholds = listOption(input, "threshold");
    const duration = textOption(input, "duration");
    if (scenario === "quick") {
      const url = address ?? textOption(input, "url");
      if (url === undefined) throw usageError("quick needs an address.", "studio bench quick URL");
      const requests = count(textOption(input, "requests"), "--requests") ?? 10;
      return ended(await part.quickBench(place, { users: users ?? 50, requests, url }), part);
    }
    const report = await part.bench(place, {
      scenario,
      url: textOption(input, "url") ?? null,
      users,
      duration: duration === undefined ? undefined : parseDuration(duration),
      scale: factor(textOption(input, "scale")),
      thresholds: thresholds.length === 0 ? undefined : thresholds,
    });
    return ended(report, part);
  },
  human: ({ id, url, summary, verdicts }) => [
    fields([
      ["run", id],
      ["target", url],
      ["requests", conservation(summary.requests)],
      ["rate", `${summary.rate.toFixed(1)} a second`],
      [
        "latency",
        summary.latency === null
          ? "none"
          : `p50 ${summary.latency.p50} ms, p95 ${summary.latency.p95} ms, p99 ${summary.latency.p99} ms`,
      ],
    ]),
    table(
      ["THRESHOLD", "WAS", ""],
      verdicts.map((one) => [one.text, String(one.actual), one.passed ? "met" : "MISSED"]),
      "no thresholds",
    ),
    text(verdicts.every((one) => one.passed) ? "Passed." : "Not passed."),
  ],
});

function conservation({ scheduled, ok, failed, dropped, unfinished }: Requests): string {
  const ended = `${ok} ok + ${failed} failed + ${dropped} dropped + ${unfinished} unfinished`;
  return `${scheduled} scheduled = ${ended}`;
}

function ended(
  result: BenchReport,
  part: { benchFailure: (report: BenchReport) => StudioError | null },
) {
  const error = part.benchFailure(result);
  return error === null ? { result } : { result, exitCode: error.exitCode, error };
}

function count(value: string | undefined, flag: string): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[1-9]\d{0,6}$/.test(value)) throw usageError(`${flag} takes a whole number from 1.`);
  return Number(value);
}

function factor(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!(number > 0)) throw usageError("--scale takes a number above 0.");
  return number;
}
