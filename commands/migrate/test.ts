import { type Block, list, table, text } from "../../src/cli/blocks.ts";
import { defineCommand, flagOption, textOption } from "../../src/cli/command.ts";
import { createMeter } from "../../src/cli/meter.ts";
import { databaseOption } from "../../src/cli/migrate-view.ts";
import { StudioError, exitCodes } from "../../src/errors.ts";
import type { RoundTrip, RoundTripReport } from "../../src/migrate/rehearse/round-trip.ts";

export default defineCommand<RoundTripReport>({
  description:
    "Applies each pending migration, takes it back and applies it again, on a copy of the database: " +
    "the schema must be as it was before, and then as it was after. The live database is only read.",
  options: [
    { flags: "--all", summary: "Every migration, from an empty database on" },
    { flags: "--to <name>", summary: "Up to and with this one" },
    databaseOption,
  ],
  examples: [{ line: "studio migrate test", does: "see that the way back leads back" }],
  dryRun: "reads",
  files: "sent",
  exitCodes: [0, 2, 3, 4, 7, 8, 130, 143],
  async run(context, input) {
    const { testMigrations } = await import("../../src/deploy/rehearse-migrations.ts");
    const meter = createMeter(context);
    const result = await testMigrations(await context.workplace(), {
      all: flagOption(input, "all"),
      to: textOption(input, "to") ?? null,
      databaseUrlFile: textOption(input, "databaseUrlFile") ?? null,
      say: (words) => meter.say(words),
    }).finally(() => meter.close());
    const bad = result.migrations.find(
      ({ outcome }) => outcome === "failed" || outcome === "different",
    );
    if (!result.ok && bad !== undefined) {
      return { result, exitCode: exitCodes.checkFailed, error: roundTripError(bad) };
    }
    return { result, exitCode: result.complete ? exitCodes.done : exitCodes.incomplete };
  },
  human: ({ migrations, notes }) => [
    table(
      ["MIGRATION", "UP, DOWN, UP"],
      migrations.map(({ name, outcome, reason }) => [
        name,
        reason === null ? outcome : `${outcome}: ${reason}`,
      ]),
      "nothing is pending",
    ),
    ...migrations.flatMap(differenceBlocks),
    ...notes.map((note) => text(note, "dim")),
  ],
});

function roundTripError({ name, outcome, failure }: RoundTrip): StudioError {
  return new StudioError({
    code: "migration.roundTrip",
    message:
      outcome === "failed"
        ? `The migration ${name} failed on its way ${failure?.step ?? ""}: ${failure?.message ?? ""}.`
        : `The migration ${name} does not end where it began.`,
    hint: "Correct its down part, then test it again. The live database was only read.",
    exitCode: exitCodes.checkFailed,
  });
}

function differenceBlocks({ name, afterDown, afterSecondUp, lostRows }: RoundTrip): Block[] {
  const lines = [
    ...afterDown.map(({ kind, what, path }) => `after down, ${what} ${path} is ${kind}`),
    ...afterSecondUp.map(
      ({ kind, what, path }) => `after the second up, ${what} ${path} is ${kind}`,
    ),
    ...lostRows.map(({ table: one }) => `${one} had fewer rows after down`),
  ];
  return lines.length === 0 ? [] : [text(name), list(lines)];
}
