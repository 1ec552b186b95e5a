import { defineCommand, lockWaitOption, messageOption, textOption } from "../../src/cli/command.ts";
import { databaseOption, migrateBlocks } from "../../src/cli/migrate-view.ts";
import type { MigrateResult } from "../../src/deploy/migrate.ts";
import type { MigratePreview } from "../../src/deploy/preview-migrate.ts";
import { usageError } from "../../src/errors.ts";

export default defineCommand<MigrateResult | MigratePreview>({
  description:
    "Takes the last migration back, or all after one, by their down parts. Nothing is reverted " +
    "unless all of it can be.",
  arguments: [{ name: "COUNT", summary: "How many to take back, as -1 or 1 (default 1)" }],
  options: [
    { flags: "--to <name>", summary: "Return to this head" },
    { flags: "--steps <count>", summary: "The same as COUNT" },
    databaseOption,
    messageOption,
    lockWaitOption,
  ],
  examples: [
    { line: "studio migrate down", does: "take the last one back" },
    { line: "studio migrate down --dry-run", does: "print the SQL" },
  ],
  dryRun: "plans",
  files: "sent",
  exitCodes: [0, 2, 4, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const databaseUrlFile = textOption(input, "databaseUrlFile") ?? null;
    const to = textOption(input, "to");
    const [count = textOption(input, "steps")] = input.arguments;
    if (to !== undefined && count !== undefined) {
      throw usageError("--to and a number of migrations exclude each other.");
    }
    const target = to === undefined ? { steps: stepsOf(count ?? "1") } : { to };
    const order = { direction: "down" as const, databaseUrlFile, ...target };
    if (context.options.dryRun) {
      const { previewMigrate } = await import("../../src/deploy/preview-migrate.ts");
      return { result: await previewMigrate(await context.view(), order) };
    }
    const { migrate } = await import("../../src/deploy/migrate.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    return { result: await migrate(place, order, textOption(input, "message") ?? null) };
  },
  human: migrateBlocks,
});

function stepsOf(count: string): number {
  if (/^-?[1-9]\d*$/.test(count)) return Math.abs(Number(count));
  throw usageError(`"${count}" is not a number of migrations to take back.`);
}
