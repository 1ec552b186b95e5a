import { countOption, defineCommand, flagOption, textOption } from "../../src/cli/command.ts";
import { createMeter } from "../../src/cli/meter.ts";
import { suiteBlocks } from "../../src/cli/suite-view.ts";
import { usageError } from "../../src/errors.ts";
import type { SuiteOptions, SuiteOutcome } from "../../src/deploy/bench-suite.ts";

export default defineCommand<SuiteOutcome>({
  description:
    "Times small pieces of work on this machine: a matrix product, operations on tensors, JSON, " +
    "each model, or the functions that a file of your own exports. The iterations are spread over " +
    "ten threads, the warm-up is left out, and what is too fast for the clock is timed many calls " +
    "at once. Times are of one call.",
  arguments: [
    {
      name: "SUITE",
      summary: "matrix, tensor, json, models, or a file such as ./bench.js (default: all suites)",
      complete: ["matrix", "tensor", "json", "models"],
    },
  ],
  options: [
    { flags: "--iterations <count>", summary: "How often each is timed", default: "100" },
    {
      flags: "--output <file>",
      summary: "Write the figures as JSON; none for no file",
      default: "results.json",
      complete: "files",
    },
    {
      flags: "--baseline <run>",
      summary: "Compare with an earlier run: its id, latest, or its output file",
    },
    { flags: "--force", summary: "Compare runs of different machines, too" },
  ],
  examples: [
    { line: "studio bench suite", does: "all that comes with studio, and each model" },
    { line: "studio bench suite ./bench.js --iterations 500", does: "functions of your own" },
    {
      line: "studio bench suite --baseline results.json",
      does: "tell what became slower; exit code 4 when something did",
    },
  ],
  exitCodes: [0, 2, 3, 4, 9, 130, 143],
  files: "here",
  async run(context, input) {
    const iterations = countOption(input, "iterations");
    const part = await import("../../src/deploy/bench-suite.ts");
    const { requireSuite } = await import("../../src/bench/suite/built-in.ts");
    const path = await import("node:path");
    const absolute = (name: string) => path.resolve(context.cwd, name);
    const [named = "all"] = input.arguments;
    const whatOf = (): SuiteOptions["what"] => {
      if (named === "all") return { suite: named };
      // The name of a suite has neither a dot nor a slash.
      return /[./\\]/.test(named) ? { file: absolute(named) } : { suite: requireSuite(named) };
    };
    const output = textOption(input, "output") ?? "results.json";
    if (output === "-") throw usageError("--output needs a file.", "--json prints the figures.");
    const baseline = textOption(input, "baseline");
    const isRun = (text: string) => text === "latest" || /^\d{1,8}(T[\w-]*)?$/.test(text);
    const baselineOf = (text: string): SuiteOptions["baseline"] =>
      isRun(text) ? { run: text } : { file: absolute(text) };
    const what = whatOf();
    const meter = createMeter(context);
    const options = {
      what,
      iterations,
      output: output === "none" ? null : absolute(output),
      baseline: baseline === undefined ? null : baselineOf(baseline),
      force: flagOption(input, "force"),
      say: (text: string) => meter.say(text),
    };
    const result = await part
      .benchSuite(await context.desk(), await context.project(), options)
      .finally(() => meter.close());
    const error = part.suiteFailure(result);
    return error === null ? { result } : { result, exitCode: error.exitCode, error };
  },
  human: suiteBlocks,
});
