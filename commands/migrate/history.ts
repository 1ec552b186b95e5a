import { table } from "../../src/cli/blocks.ts";
import { defineCommand, flagOption, textOption } from "../../src/cli/command.ts";
import { databaseOption } from "../../src/cli/migrate-view.ts";
import type { LoggedMigration } from "../../src/migrate/log.ts";

interface History {
  entries: LoggedMigration[];
  verbose: boolean;
}

export default defineCommand<History>({
  description:
    "Shows what was ever done to the schema by migrations: applied, reverted, baselined, repaired; " +
    "when, by whom, from where. The lines are never changed.",
  options: [
    { flags: "--details", summary: "Show checksums, durations and versions" },
    databaseOption,
  ],
  examples: [{ line: "studio migrate history", does: "see who changed the schema when" }],
  dryRun: "reads",
  exitCodes: [0, 2, 8],
  async run(context, input) {
    const { withDatabaseFrom } = await import("../../src/deploy/database-from-file.ts");
    const { migrationHistory } = await import("../../src/deploy/migration-history.ts");
    const file = textOption(input, "databaseUrlFile") ?? null;
    const entries = await migrationHistory(withDatabaseFrom(await context.view(), file));
    const verbose = flagOption(input, "details") || context.options.verbose;
    return { result: { entries, verbose } };
  },
  human: ({ entries, verbose }) => [
    table(
      ["WHEN", "WHAT", "MIGRATION", "WHO", ...(verbose ? ["TOOK", "STUDIO", "SHA-256"] : [])],
      entries.map((one) => [
        one.at,
        one.action,
        one.name,
        `${one.user}@${one.host}`,
        ...(verbose
          ? [
              one.milliseconds === null ? "" : `${one.milliseconds} ms`,
              one.toolVersion,
              one.checksum,
            ]
          : []),
      ]),
      "no migration was ever applied",
    ),
  ],
});
