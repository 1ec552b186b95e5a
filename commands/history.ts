import { table } from "../src/cli/blocks.ts";
import { countOption, defineCommand } from "../src/cli/command.ts";
import type { HistoryEntry } from "../src/deploy/history.ts";

export default defineCommand<HistoryEntry[]>({
  description: "Shows every operation: who, when, what, why and how it ended.",
  arguments: [{ name: "OPERATION", summary: "Show the steps of one", complete: "operations" }],
  options: [{ flags: "--limit <count>", summary: "How many, the latest first", default: "20" }],
  examples: [
    { line: "studio history", does: "the last 20 operations" },
    { line: "studio history latest", does: "each step of the last one" },
  ],
  dryRun: "reads",
  exitCodes: [0, 2, 8],
  async run(context, input) {
    const { readHistory } = await import("../src/deploy/history.ts");
    const limit = countOption(input, "limit");
    const operation = input.arguments[0] ?? null;
    return { result: readHistory(await context.desk(), { operation, limit }) };
  },
  human(entries) {
    const steps = entries[0]?.steps;
    if (steps !== undefined) {
      return [
        table(
          ["AT", "STEP", "EVENT", "DATA"],
          steps.map((one) => [
            one.at,
            one.step,
            one.event,
            one.data === null ? "" : JSON.stringify(one.data),
          ]),
          "no steps",
        ),
      ];
    }
    return [
      table(
        ["ID", "KIND", "OUTCOME", "WHO", "STARTED", "WHY"],
        entries.map((one) => [
          one.id,
          one.kind,
          one.error === null ? one.outcome : `${one.outcome}: ${one.error.step ?? one.error.code}`,
          `${one.user}@${one.host}`,
          one.startedAt,
          one.message ?? "",
        ]),
        "nothing was done yet",
      ),
    ];
  },
});
