import { table } from "../../src/cli/blocks.ts";
import { defineCommand } from "../../src/cli/command.ts";
import type { ListedKey } from "../../src/deploy/keys.ts";

export default defineCommand<ListedKey[]>({
  description:
    "Lists the keys in the environment's database, without what nobody may see of them. Keys of " +
    "serve.auth.keys in studio.yaml are not among them: they are admins, and have no id.",
  examples: [{ line: "studio key list", does: "who may use the API" }],
  dryRun: "reads",
  exitCodes: [0, 2, 8],
  async run(context) {
    const { listKeys } = await import("../../src/deploy/keys.ts");
    return { result: await listKeys(await context.view()) };
  },
  human: (keys) => [
    table(
      ["ID", "NAME", "ROLE", "STATE", "CREATED", "LAST USED", "EXPIRES"],
      keys.map((key) => [
        key.id,
        key.name,
        key.role,
        key.state,
        key.createdAt,
        key.lastUsedAt ?? "never",
        key.expiresAt ?? "never",
      ]),
      "no keys yet: studio key create",
    ),
  ],
});
