import { text } from "../../src/cli/blocks.ts";
import { defineCommand, textOption } from "../../src/cli/command.ts";
import { databaseOption } from "../../src/cli/migrate-view.ts";

interface Current {
  head: string | null;
  applied: number;
  pending: number;
}

export default defineCommand<Current>({
  description: "Prints the migration that was applied last, and nothing else.",
  options: [databaseOption],
  examples: [{ line: "studio migrate current", does: "name the schema's head" }],
  dryRun: "reads",
  exitCodes: [0, 2, 8],
  async run(context, input) {
    const { withDatabaseFrom } = await import("../../src/deploy/database-from-file.ts");
    const { schemaStatus } = await import("../../src/deploy/schema-status.ts");
    const file = textOption(input, "databaseUrlFile") ?? null;
    const state = await schemaStatus(withDatabaseFrom(await context.view(), file));
    const { head, applied, pending } = state;
    return { result: { head, applied: applied.length, pending: pending.length } };
  },
  human: ({ head }) => [text(head ?? "empty")],
});
