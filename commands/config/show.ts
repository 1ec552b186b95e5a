import { table } from "../../src/cli/blocks.ts";
import { defineCommand, flagOption } from "../../src/cli/command.ts";
import type { Origin } from "../../src/config/project.ts";

interface Result {
  file: string | null;
  environment: string;
  settings: readonly Origin[];
  withOrigin: boolean;
}

export default defineCommand<Result>({
  description: "Shows every setting of the environment as it is resolved. Secrets are masked.",
  options: [{ flags: "--origin", summary: "Also where each value comes from" }],
  examples: [{ line: "studio config show --origin", does: "which line or variable set what" }],
  dryRun: "reads",
  files: "here",
  exitCodes: [0, 2],
  async run(context, input) {
    const { file, environment, origins } = await context.project();
    const withOrigin = flagOption(input, "origin");
    return { result: { file, environment, settings: origins, withOrigin } };
  },
  human: ({ settings, withOrigin }) => [
    table(
      withOrigin ? ["SETTING", "VALUE", "FROM"] : ["SETTING", "VALUE"],
      settings.map((one) => {
        const row = [
          one.path,
          typeof one.value === "string" ? one.value : JSON.stringify(one.value),
        ];
        return withOrigin ? [...row, one.detail === "" ? one.source : one.detail] : row;
      }),
      "no settings",
    ),
  ],
});
