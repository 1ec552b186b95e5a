import { fields, list } from "../../src/cli/blocks.ts";
import { defineCommand, textOption } from "../../src/cli/command.ts";
import { databaseOption } from "../../src/cli/migrate-view.ts";
import type { SchemaCheck } from "../../src/deploy/schema-file.ts";
import { exitCodes } from "../../src/errors.ts";

export default defineCommand<SchemaCheck>({
  description:
    "Checks, for CI and for people on call, that nothing is pending, that files and journal agree, " +
    "and that the live schema is what the schema file says. Exit code 4 where it is not so.",
  options: [databaseOption],
  examples: [
    { line: "studio migrate check", does: "see whether somebody changed the schema by hand" },
  ],
  dryRun: "reads",
  files: "sent",
  exitCodes: [0, 2, 4, 8],
  async run(context, input) {
    const { checkSchema } = await import("../../src/deploy/schema-file.ts");
    const databaseUrlFile = textOption(input, "databaseUrlFile") ?? null;
    const { check, error } = await checkSchema(await context.view(), databaseUrlFile);
    if (error === null) return { result: check };
    return { result: check, exitCode: exitCodes.checkFailed, error };
  },
  human: ({ head, pending, problems, schemaFile, drift }) => [
    fields([
      ["schema", head ?? "empty"],
      ["pending", pending.join("\n") || "none"],
      ["problems", problems.map(({ message }) => message).join("\n") || "none"],
      ["compared with", schemaFile ?? "nothing: `studio migrate dump` writes a schema file"],
    ]),
    list(
      drift.map(
        ({ kind, what, path, before, after }) =>
          `${what} ${path} ${kind}: ${[before, after].filter((one) => one !== null).join(" -> ")}`,
      ),
    ),
  ],
});
