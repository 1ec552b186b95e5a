import { defineCommand, lockWaitOption, messageOption, textOption } from "../../src/cli/command.ts";
import { readDuration, readLifetime } from "../../src/cli/duration.ts";
import { issuedKeyBlocks } from "../../src/cli/key-view.ts";
import type { IssuedKey } from "../../src/deploy/issued-key.ts";

export default defineCommand<IssuedKey>({
  description:
    "Makes a new key with the name and role of another and prints it, once. The old one stays " +
    "valid for the grace, so that those who use it can change over.",
  arguments: [{ name: "ID", summary: "The key, or the start of its id", required: true }],
  options: [
    { flags: "--grace <duration>", summary: "How long the old key stays valid", default: "24h" },
    {
      flags: "--expires <duration>",
      summary: "The new key is valid for so long (default: as long as the old one was to be)",
    },
    messageOption,
    lockWaitOption,
  ],
  examples: [
    { line: "studio key rotate k7f3", does: "the old one is good for a day" },
    { line: "studio key rotate k7f3 --grace 0s", does: "the old one is good no more" },
  ],
  attached: true,
  exitCodes: [0, 2, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const { rotateKey } = await import("../../src/deploy/keys.ts");
    const grace = await readDuration(textOption(input, "grace") ?? "24h");
    const expires = textOption(input, "expires");
    const lifetime = expires === undefined ? undefined : await readLifetime(expires);
    const [id = ""] = input.arguments;
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const message = textOption(input, "message") ?? null;
    return { result: await rotateKey(place, { id, grace, lifetime }, message) };
  },
  human: issuedKeyBlocks,
});
