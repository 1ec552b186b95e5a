import { list, table, text } from "../../src/cli/blocks.ts";
import { defineCommand } from "../../src/cli/command.ts";
import { StudioError, exitCodes } from "../../src/errors.ts";
import type { SchemaState } from "../../src/migrate/state.ts";

export default defineCommand<SchemaState>({
  description: "Shows the schema head, what was applied, what is pending and what does not fit.",
  examples: [{ line: "studio migrate status", does: "compare the database with the files" }],
  dryRun: "reads",
  files: "sent",
  exitCodes: [0, 2, 4, 8],
  async run(context) {
    const { schemaStatus } = await import("../../src/deploy/schema-status.ts");
    const result = await schemaStatus(await context.view());
    const [problem] = result.problems;
    if (problem === undefined) return { result };
    const { message, hint } = problem;
    const exitCode = exitCodes.checkFailed;
    return {
      result,
      exitCode,
      error: new StudioError({ code: "schema.problem", message, hint, exitCode }),
    };
  },
  human: (state) => [
    text(`Schema head: ${state.head ?? "empty"}`),
    table(
      ["MIGRATION", "STATE"],
      [
        ...state.applied.map((one) => [one.name, "applied"]),
        ...state.pending.map((one) => [one.name, "pending"]),
      ],
      "no migrations",
    ),
    ...(state.problems.length === 0 ? [] : [list(state.problems.map((one) => one.message))]),
  ],
});
