import { list, text } from "../../src/cli/blocks.ts";
import { defineCommand, lockWaitOption, messageOption, textOption } from "../../src/cli/command.ts";
import { databaseOption } from "../../src/cli/migrate-view.ts";
import type { RepairReport } from "../../src/migrate/repair.ts";

export default defineCommand<RepairReport>({
  description:
    "Notes in the journal that the schema holds everything up to a migration, and runs nothing: for " +
    "a database that was there before studio. `studio migrate check` tells whether it is true.",
  arguments: [
    { name: "NAME", summary: "The last migration that the schema holds", required: true },
  ],
  options: [databaseOption, messageOption, lockWaitOption],
  examples: [
    {
      line: "studio migrate baseline 20261120T210500Z-everything-so-far",
      does: "begin with a database that exists",
    },
  ],
  files: "sent",
  exitCodes: [0, 2, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const { repair } = await import("../../src/deploy/repair-journal.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const [name = ""] = input.arguments;
    const databaseUrlFile = textOption(input, "databaseUrlFile") ?? null;
    const asked = { repair: { kind: "baseline" as const, name }, databaseUrlFile };
    return { result: await repair(place, asked, textOption(input, "message") ?? null) };
  },
  human: (result) => [list(result.changed), text(`Schema head: ${result.head ?? "empty"}`)],
});
