import { type Block, heading, table, text } from "../../src/cli/blocks.ts";
import { defineCommand, textOption } from "../../src/cli/command.ts";
import { databaseOption } from "../../src/cli/migrate-view.ts";
import { StudioError, exitCodes, usageError } from "../../src/errors.ts";
import type { RehearsalReport, RehearsedMigration } from "../../src/migrate/rehearse/report.ts";

export default defineCommand<RehearsalReport>({
  description:
    "Tries the pending migrations and takes them back: how long each statement takes, which locks it " +
    "takes, what it writes anew, and for how long others could not read or write. On PostgreSQL in a " +
    "transaction of the live database that is rolled back, which holds real locks meanwhile; " +
    "elsewhere, and with --on clone, on a copy.",
  options: [
    { flags: "--to <name>", summary: "Try up to and with this one" },
    {
      flags: "--on <place>",
      summary: "transaction or clone",
      complete: ["transaction", "clone"],
    },
    databaseOption,
  ],
  examples: [{ line: "studio migrate rehearse", does: "see what a migration would hold up" }],
  dryRun: "reads",
  exitCodes: [0, 2, 4, 7, 8, 130, 143],
  async run(context, input) {
    const on = textOption(input, "on") ?? null;
    if (on !== null && on !== "transaction" && on !== "clone") {
      throw usageError(`--on takes transaction or clone, not ${on}.`);
    }
    const { rehearseMigrations } = await import("../../src/deploy/rehearse-migrations.ts");
    const result = await rehearseMigrations(await context.workplace(), {
      on,
      to: textOption(input, "to") ?? null,
      databaseUrlFile: textOption(input, "databaseUrlFile") ?? null,
    });
    const failed = result.migrations.find(({ failure }) => failure !== null);
    if (result.ok || failed === undefined) return { result };
    return { result, exitCode: exitCodes.checkFailed, error: rehearsalError(failed) };
  },
  human: ({ migrations, notes }) => [
    ...migrations.flatMap(migrationBlocks),
    ...notes.map((note) => text(note, "dim")),
    text(
      migrations.length === 0
        ? "Nothing is pending."
        : "Nothing of it is left in the live database.",
      "dim",
    ),
  ],
});

function rehearsalError({ name, failure }: RehearsedMigration): StudioError {
  const place = `${failure?.file ?? ""}${failure?.line == null ? "" : `:${failure.line}`}`;
  return new StudioError({
    code: "migration.rehearsal",
    message: `The migration ${name} would fail (${place}): ${failure?.message ?? ""}.`,
    hint:
      failure !== null && failure.heldBy.length > 0
        ? `A lock that it needs is held by ${failure.heldBy.join(", ")}.`
        : "Correct the migration, then rehearse it again. Nothing was changed.",
    exitCode: exitCodes.checkFailed,
    details: failure,
  });
}

function migrationBlocks(migration: RehearsedMigration): Block[] {
  const { name, outcome, reason, milliseconds, statements, tables } = migration;
  return [
    heading(`${name}: ${outcome}, ${Math.round(milliseconds)} ms`),
    ...(reason === null ? [] : [text(reason, "warning")]),
    table(
      ["MS", "STATEMENT", "LOCKS", "WRITTEN ANEW"],
      statements.map(({ milliseconds: time, sql, locks, rewritten }) => [
        String(Math.round(time)),
        sql,
        locks.map(({ relation, mode }) => `${relation} ${mode}`).join(", "),
        rewritten.join(", "),
      ]),
      "no statements",
    ),
    ...tables.map(({ table: one, blocksReaders, blocksWriters }) =>
      text(
        `${one ?? "every table"}: would block readers for ${Math.round(blocksReaders)} ms, writers for ${Math.round(blocksWriters)} ms`,
        blocksReaders > 0 ? "warning" : "dim",
      ),
    ),
  ];
}
