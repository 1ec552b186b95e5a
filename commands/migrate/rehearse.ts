import { text } from "../../src/cli/blocks.ts";
import { defineCommand, textOption } from "../../src/cli/command.ts";
import { readDuration } from "../../src/cli/duration.ts";
import { createMeter } from "../../src/cli/meter.ts";
import { databaseOption } from "../../src/cli/migrate-view.ts";
import { rehearsedBlocks } from "../../src/cli/rehearsal-view.ts";
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
    {
      flags: "--most <duration>",
      summary: "How long the transaction may hold locks on the live database (default: 30s)",
    },
    databaseOption,
  ],
  examples: [{ line: "studio migrate rehearse", does: "see what a migration would hold up" }],
  dryRun: "reads",
  files: "sent",
  exitCodes: [0, 2, 3, 4, 6, 7, 8, 130, 143],
  async run(context, input) {
    const on = textOption(input, "on") ?? null;
    if (on !== null && on !== "transaction" && on !== "clone") {
      throw usageError(`--on takes transaction or clone, not ${on}.`);
    }
    const { rehearseMigrations } = await import("../../src/deploy/rehearse-migrations.ts");
    const most = textOption(input, "most");
    const meter = createMeter(context);
    const result = await rehearseMigrations(await context.workplace(), {
      on,
      to: textOption(input, "to") ?? null,
      most: most === undefined ? null : await readDuration(most),
      databaseUrlFile: textOption(input, "databaseUrlFile") ?? null,
      say: (words) => meter.say(words),
    }).finally(() => meter.close());
    const failed = result.migrations.find(({ failure }) => failure !== null);
    if (!result.ok && failed !== undefined) {
      return { result, exitCode: exitCodes.checkFailed, error: rehearsalError(failed) };
    }
    return { result, exitCode: result.complete ? exitCodes.done : exitCodes.incomplete };
  },
  human: ({ migrations, notes }) => [
    ...migrations.flatMap(rehearsedBlocks),
    ...notes.map((note) => text(note, "dim")),
    text(
      migrations.length === 0
        ? "Nothing is pending."
        : "Nothing of it is left in the live database.",
      "dim",
    ),
  ],
});

function rehearsalError({ name, outcome, failure }: RehearsedMigration): StudioError {
  const happens = outcome === "blocked" ? "would not get its locks now" : "would fail";
  const place = `${failure?.file ?? ""}${failure?.line == null ? "" : `:${failure.line}`}`;
  return new StudioError({
    code: "migration.rehearsal",
    message: `The migration ${name} ${happens} (${place}): ${failure?.message ?? ""}.`,
    hint:
      failure !== null && failure.heldBy.length > 0
        ? `A lock that it needs is held by ${failure.heldBy.join(", ")}.`
        : "Correct the migration, then rehearse it again. Nothing was changed.",
    exitCode: exitCodes.checkFailed,
    details: failure,
  });
}
