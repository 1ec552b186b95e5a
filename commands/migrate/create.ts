import { list, text } from "../../src/cli/blocks.ts";
import { defineCommand, flagOption, listOption, textOption } from "../../src/cli/command.ts";
import { databaseOption } from "../../src/cli/migrate-view.ts";
import type { CreateReport } from "../../src/deploy/create-migration.ts";
import { usageError } from "../../src/errors.ts";

export default defineCommand<CreateReport>({
  description:
    "Writes a new migration file that comes after all there are. With --autogenerate it leads from " +
    "the live schema to the schema file (migrate.schema): additions written out, what loses data " +
    "commented out, possible renames for you to decide.",
  arguments: [{ name: "NAME", summary: "What it does, in words", required: true, variadic: true }],
  options: [
    { flags: "--sql", summary: "As SQL (the default)" },
    { flags: "--ts", summary: "As TypeScript, with knex" },
    { flags: "--autogenerate", summary: "From the difference to the schema file" },
    {
      flags: "--rename <from:to>",
      summary: "With --autogenerate: what was renamed, as users.email:users.mail",
      repeatable: true,
    },
    databaseOption,
  ],
  examples: [
    { line: "studio migrate create add users", does: "begin with an empty file" },
    {
      line: "studio migrate create add-users --autogenerate",
      does: "write what the schema file has and the database has not",
    },
  ],
  files: "here",
  exitCodes: [0, 2, 8],
  async run(context, input) {
    const [sql, ts] = [flagOption(input, "sql"), flagOption(input, "ts")];
    const autogenerate = flagOption(input, "autogenerate");
    if (ts && (sql || autogenerate)) {
      throw usageError(`--ts and ${sql ? "--sql" : "--autogenerate"} exclude each other.`);
    }
    const { createProjectMigration } = await import("../../src/deploy/create-migration.ts");
    const result = await createProjectMigration(await context.view(), {
      words: input.arguments.join(" "),
      kind: ts ? "ts" : "sql",
      autogenerate,
      renames: listOption(input, "rename"),
      databaseUrlFile: textOption(input, "databaseUrlFile") ?? null,
    });
    return { result };
  },
  human: ({ created, possibleRenames, notes }) => [
    created.length === 0
      ? text("The live schema is what the file says: there is nothing to write.")
      : list(created.flatMap(({ files }) => files)),
    ...possibleRenames.map((one) => text(`Renamed? Then again with --rename ${one}`, "warning")),
    ...notes.map((note) => text(note, "warning")),
  ],
});
