import { defineCommand, textOption } from "../../src/cli/command.ts";
import { openSchedule } from "../../src/cli/schedule-place.ts";

export default defineCommand<null>({
  description: "Prints what the last run of a job wrote, or another run of it.",
  arguments: [{ name: "JOB", summary: "Its name", required: true }],
  options: [{ flags: "--run <id>", summary: "Of this run, or the beginning of its id" }],
  examples: [{ line: "studio schedule logs database", does: "see why it failed" }],
  dryRun: "reads",
  exitCodes: [0, 2, 8],
  output: "lines",
  async run(context, input) {
    const { jobOutput } = await import("../../src/schedule/history.ts");
    const place = await openSchedule(context);
    const output = jobOutput(place, input.arguments[0] ?? "", textOption(input, "run") ?? null);
    if (output !== "") context.output.line(output.replace(/\n$/, ""));
    return { result: null };
  },
});
