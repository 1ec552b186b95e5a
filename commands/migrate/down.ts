import { list, text } from "../../src/cli/blocks.ts";
import { defineCommand, lockWaitOption, messageOption, textOption } from "../../src/cli/command.ts";
import type { MigrateResult } from "../../src/deploy/migrate.ts";
import { usageError } from "../../src/errors.ts";
export default defineCommand<MigrateResult>({
  description: "Takes the last migration back, or all after one, by their down parts.",
  options: [
    { flags: "--to <name>", summary: "Return to this head" },
    { flags: "--steps <count>", summary: "How many to take back (default 1)" },
    messageOption,
    lockWaitOption,
  ],
  examples: [{ line: "studio migrate down", does: "take the last one back" }],
  exitCodes: [0, 2, 4, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const { migrate } = await import("../../src/deploy/migrate.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const to = textOption(input, "to");
    const steps = Number(textOption(input, "steps") ?? 1);
    if (!Number.isInteger(steps) || steps < 1) throw usageError("--steps takes a whole number.");
    const order =
      to === undefined ? { direction: "down" as const, steps } : { direction: "down" as const, to };
    return { result: await migrate(place, order, textOption(input, "message") ?? null) };
  },
  human: (result) => [
    list([...result.applied, ...result.reverted]),
    text(`Schema head: ${result.head ?? "empty"}`),
  ],
});
