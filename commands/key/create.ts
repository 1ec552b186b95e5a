import {
  defineCommand,
  flagOption,
  lockWaitOption,
  messageOption,
  textOption,
} from "../../src/cli/command.ts";
import { readLifetime } from "../../src/cli/duration.ts";
import { issuedKeyBlocks } from "../../src/cli/key-view.ts";
import type { IssuedKey } from "../../src/deploy/issued-key.ts";
import { usageError } from "../../src/errors.ts";

export default defineCommand<IssuedKey>({
  description:
    "Makes a key for the API and prints it, once: the database keeps its SHA-256, and nothing " +
    "else of it is anywhere. Daemons that run take it at once. A viewer may read, an operator " +
    "may also infer and change collections, an admin may also load and unload models and resize them.",
  options: [
    {
      flags: "--role <role>",
      summary: "What it may do",
      default: "operator",
      complete: ["viewer", "operator", "admin"],
    },
    { flags: "--name <text>", summary: "Whom or what it is for", default: "unnamed" },
    { flags: "--expires <duration>", summary: "Valid for so long, e.g. 90d (default: for ever)" },
    { flags: "--bare", summary: "Print the key and nothing else" },
    messageOption,
    lockWaitOption,
  ],
  examples: [
    { line: "studio key create --role viewer --name prometheus", does: "for reading metrics" },
    { line: "studio key create --bare > key", does: "for another program" },
  ],
  attached: true,
  exitCodes: [0, 2, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const { isRole, roles } = await import("../../src/keys/role.ts");
    const role = textOption(input, "role") ?? "operator";
    if (!isRole(role)) throw usageError(`"${role}" is no role.`, `Say ${roles.join(", ")}.`);
    const name = textOption(input, "name") ?? "unnamed";
    if (!/^[^\p{C}]{1,100}$/u.test(name)) throw usageError("--name takes 1 to 100 characters.");
    const expires = textOption(input, "expires");
    const lifetime = expires === undefined ? null : await readLifetime(expires);
    const { createApiKey } = await import("../../src/deploy/keys.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const message = textOption(input, "message") ?? null;
    const result = await createApiKey(place, { name, role, lifetime }, message);
    if (!flagOption(input, "bare") || context.options.json) return { result };
    context.output.line(result.key);
    return { result, silent: true };
  },
  human: issuedKeyBlocks,
});
