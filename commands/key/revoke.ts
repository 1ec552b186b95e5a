import { text } from "../../src/cli/blocks.ts";
import { defineCommand, lockWaitOption, messageOption, textOption } from "../../src/cli/command.ts";

export default defineCommand<{ id: string; name: string; changed: boolean }>({
  description: "Makes a key invalid: every daemon refuses it within two seconds.",
  arguments: [{ name: "ID", summary: "The key, or the start of its id", required: true }],
  options: [messageOption, lockWaitOption],
  examples: [{ line: 'studio key revoke k7f3 -m "laptop was stolen"', does: "say why" }],
  exitCodes: [0, 2, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const { revokeKey } = await import("../../src/deploy/keys.ts");
    const [id = ""] = input.arguments;
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    return { result: await revokeKey(place, id, textOption(input, "message") ?? null) };
  },
  human: ({ id, name, changed }) => [
    text(`The key ${id} (${name}) is revoked${changed ? "" : ", as it was before"}.`),
  ],
});
