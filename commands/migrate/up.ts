import { list, text } from "../../src/cli/blocks.ts";
import { defineCommand, lockWaitOption, messageOption, textOption } from "../../src/cli/command.ts";
import type { MigrateResult } from "../../src/deploy/migrate.ts";

export default defineCommand<MigrateResult>({
  description: "Applies pending migrations, each in one transaction with its journal row.",
  options: [
    { flags: "--to <name>", summary: "Apply up to and with this one" },
    messageOption,
    lockWaitOption,
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
