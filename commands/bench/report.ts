import { benchBlocks } from "../../src/cli/bench-view.ts";
import { list } from "../../src/cli/blocks.ts";
import { defineCommand, textOption } from "../../src/cli/command.ts";
import { usageError } from "../../src/errors.ts";
import type { BenchReport } from "../../src/bench/report/bench-report.ts";

interface WrittenReport {
  report: BenchReport;
  /** The files that were written. */
  files: string[];
}

const file = (name: string, summary: string) => ({ flags: `--${name} <file>`, summary });

export default defineCommand<WrittenReport>({
  description:
    "Shows the report of a run that is kept, and writes it for others; - is standard output. " +
    "The page of --html holds all that it shows, and asks nobody for anything.",
  arguments: [{ name: "ID", summary: "Run, the start of its id, or latest (default)" }],
  options: [
    file("html", "A page with charts"),
    file("junit", "The thresholds as test cases"),
    file("csv", "The run over time"),
    file("prometheus", "The figures, for a textfile collector"),
  ],
  examples: [
    { line: "studio bench report", does: "the last run" },
    { line: "studio bench report latest --html load-test.html", does: "as a page" },
    { line: "studio bench report 20261120T2105 --csv - > run.csv", does: "to standard output" },
  ],
  attached: true,
  exitCodes: [0, 2, 8],
  async run(context, input) {
    const { readBenchReport, writeReports } = await import("../../src/deploy/bench-runs.ts");
    const { reportFormats } = await import("../../src/bench/report/formats.ts");
    const path = await import("node:path");
    const wanted = reportFormats.flatMap((format) => {
      const name = textOption(input, format);
      return name === undefined ? [] : [{ format, name }];
    });
    const printed = wanted.filter(({ name }) => name === "-");
    if (printed.length > 1) throw usageError("Only one of them can go to standard output.");
    const report = readBenchReport(await context.desk(), input.arguments[0] ?? "latest");
    const files = wanted
      .filter(({ name }) => name !== "-")
      .map(({ format, name }) => ({ format, file: path.resolve(context.cwd, name) }));
    writeReports(report, files);
    for (const { format } of printed) {
      const { writeReport } = await import("../../src/bench/report/formats.ts");
      context.stdout.write(writeReport(report, format));
    }
    const result = { report, files: files.map((one) => one.file) };
    return { result, silent: printed.length > 0 };
  },
  human: ({ report, files }) => [
    ...benchBlocks(report),
    list(files.map((one) => `${one} written`)),
  ],
});
