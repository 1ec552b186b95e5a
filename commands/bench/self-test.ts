import { table } from "../../src/cli/blocks.ts";
import { defineCommand } from "../../src/cli/command.ts";
import type { SelfTestReport } from "../../src/bench/self-test/self-test.ts";

export default defineCommand<SelfTestReport>({
  description:
    "Measures a server whose latency is known, and compares: whether the load tests of this " +
    "machine can be trusted. It takes about half a minute and contacts nobody.",
  examples: [{ line: "studio bench self-test", does: "compare the figures with the truth" }],
  exitCodes: [0, 4, 9, 130, 143],
  dryRun: "reads",
  files: "here",
  async run(context) {
    const part = await import("../../src/bench/self-test/self-test.ts");
    const result = await part.runSelfTest(context.signal);
    const error = part.selfTestFailure(result);
    return error === null ? { result } : { result, exitCode: error.exitCode, error };
  },
  human: ({ cases }) => [
    table(
      ["CASE", "FIGURE", ">TRUTH", ">MEASURED", ">MAY DIFFER", ""],
      cases.flatMap(({ name, figures, passed, reasons }) =>
        figures.map(({ figure, truth, measured, tolerance }) => [
          name,
          figure,
          truth.toFixed(1),
          measured.toFixed(1),
          tolerance.toFixed(1),
          reasons.length > 0 ? "unknown" : passed ? "right" : "WRONG",
        ]),
      ),
      "no cases",
    ),
  ],
});
