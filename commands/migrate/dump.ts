import { text } from "../../src/cli/blocks.ts";
import { defineCommand, flagOption, textOption } from "../../src/cli/command.ts";
import { databaseOption } from "../../src/cli/migrate-view.ts";
import type { SchemaDump } from "../../src/deploy/schema-file.ts";

export default defineCommand<SchemaDump>({
  description:
    "Writes the live schema to the schema file (migrate.schema), to be committed: `studio migrate " +
    "check` compares with it. What is studio's own is left out.",
  options: [{ flags: "--stdout", summary: "Print it, and write no file" }, databaseOption],
  examples: [{ line: "studio migrate dump", does: "note what the schema is" }],
  exitCodes: [0, 2, 8],
  async run(context, input) {
    const { dumpSchema } = await import("../../src/deploy/schema-file.ts");
    const databaseUrlFile = textOption(input, "databaseUrlFile") ?? null;
    const write = !flagOption(input, "stdout");
    return { result: await dumpSchema(await context.view(), { databaseUrlFile, write }) };
  },
  human: ({ text: content, file }) => [text(file === null ? content : `Written to ${file}`)],
});
