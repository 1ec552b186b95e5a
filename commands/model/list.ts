import { table } from "../../src/cli/blocks.ts";
import { defineCommand } from "../../src/cli/command.ts";
import { roughBytes } from "../../src/format/rough.ts";

interface ListedVersion {
  name: string;
  version: string;
  isDefault: boolean;
  served: boolean;
  source: "project" | "bundled";
  bytes: number;
  file: string;
}

export default defineCommand<{ models: ListedVersion[] }>({
  description:
    "Lists the versions of all models in the folders of serve.models, and those that come with " +
    "studio. No daemon has to run; `GET /v2/repository/index` tells what one has loaded.",
  examples: [{ line: "studio model list", does: "by name, the newest version first" }],
  dryRun: "reads",
  exitCodes: [0, 2],
  async run(context) {
    const { listModels } = await import("../../src/deploy/models.ts");
    const { entries, problems } = await listModels(await context.project());
    for (const { error } of problems) context.output.warn(error.message);
    const models = entries.map(({ name, version, isDefault, served, source, bytes, file }) => {
      return { name, version, isDefault, served, source, bytes, file };
    });
    return { result: { models } };
  },
  human: ({ models }) => [
    table(
      ["NAME", "VERSION", "", "SOURCE", ">SIZE"],
      models.map((one) => [one.name, one.version, roleOf(one), one.source, roughBytes(one.bytes)]),
      "no models yet: studio model pull FILE-OR-URL",
    ),
  ],
});

function roleOf({ isDefault, served }: ListedVersion): string {
  if (isDefault) return "default";
  return served ? "" : "not served";
}
