import { defineCommand } from "../../src/cli/command.ts";
import { openSchedule } from "../../src/cli/schedule-place.ts";

export default defineCommand<string>({
  description: "Prints the figures of all jobs in the text format of Prometheus.",
  examples: [{ line: "studio schedule metrics", does: "for node-exporter's textfile collector" }],
  dryRun: "reads",
  exitCodes: [0, 2, 8],
  output: "text",
  async run(context) {
    const { checkJobs } = await import("../../src/schedule/check.ts");
    const { metricsText } = await import("../../src/schedule/metrics-text.ts");
    const place = await openSchedule(context);
    return { result: metricsText(place.environment, checkJobs(place)) };
  },
});
