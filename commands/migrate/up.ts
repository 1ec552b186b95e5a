import { list, text } from "../../src/cli/blocks.ts";
import { defineCommand, textOption } from "../../src/cli/command.ts";
import type { MigrateResult } from "../../src/deploy/migrate.ts";

export default defineCommand<MigrateResult>({
  description: "Applies pending migrations, each in one transaction with its journal row.",
  options: [
    { flags: "--to <name>", summary: "Apply up to and with this one" },
    { flags: "-m, --message <text>", summary: "Why, for the history" },
    { flags: "--lock-wait <duration>", summary: "Wait for another operation, e.g. 5m" },
  ],
  examples: [{ line: "studio migrate up", does: "bring the schema to the head" }],
  exitCodes: [0, 2, 4, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const { migrate } = await import("../../src/deploy/migrate.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const to = textOption(input, "to");
    const order = { direction: "up" as const, ...(to === undefined ? {} : { to }) };
    return { result: await migrate(place, order, textOption(input, "message") ?? null) };
  },
  human: (result) => [
    list([...result.applied, ...result.reverted]),
    text(`Schema head: ${result.head ?? "empty"}`),
  ],
});
