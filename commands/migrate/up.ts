import { defineCommand, lockWaitOption, messageOption, textOption } from "../../src/cli/command.ts";
import { databaseOption, migrateBlocks } from "../../src/cli/migrate-view.ts";
import type { MigrateResult } from "../../src/deploy/migrate.ts";
import type { MigratePreview } from "../../src/deploy/preview-migrate.ts";
import { usageError } from "../../src/errors.ts";

export default defineCommand<MigrateResult | MigratePreview>({
  description:
    "Applies pending migrations, each in one transaction with its journal row. One process applies; " +
    "others that are told to at the same time wait, and find nothing to do.",
  options: [
    { flags: "--to <name>", summary: "Apply up to and with this one, or so many: +2" },
    databaseOption,
    messageOption,
    lockWaitOption,
  ],
  examples: [
    { line: "studio migrate up", does: "bring the schema to the head" },
    { line: "studio migrate up --dry-run", does: "print the SQL" },
    { line: "studio migrate up --to +1", does: "apply the next one" },
  ],
  dryRun: "plans",
  files: "sent",
  exitCodes: [0, 2, 4, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const databaseUrlFile = textOption(input, "databaseUrlFile") ?? null;
    const order = {
      direction: "up" as const,
      databaseUrlFile,
      ...targetOf(textOption(input, "to")),
    };
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

function targetOf(to: string | undefined): { to?: string; steps?: number } {
  if (to === undefined) return {};
  if (!to.startsWith("+")) return { to };
  if (/^\+[1-9]\d*$/.test(to)) return { steps: Number(to) };
  throw usageError(`--to ${to} is neither a name nor a number of migrations such as +2.`);
}
