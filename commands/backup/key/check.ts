import { table } from "../../../src/cli/blocks.ts";
import { defineCommand, listOption } from "../../../src/cli/command.ts";
import type { KeyReport } from "../../../src/deploy/check-keys.ts";

export default defineCommand<KeyReport>({
  description:
    "Shows of each key in backup.recipients when its private half was last seen to decrypt. With " +
    "--identity something is encrypted to each and decrypted again; that it worked is noted, and " +
    "nothing of the key.",
  options: [
    { flags: "--identity <file>", summary: "A file with private halves", repeatable: true },
  ],
  examples: [
    { line: "studio backup key check", does: "could the backups be read?" },
    { line: "studio backup key check --identity /mnt/usb/key.txt", does: "try it" },
  ],
  exitCodes: [0, 2, 4],
  async run(context, input) {
    const { checkKeys, keyError } = await import("../../../src/deploy/check-keys.ts");
    const path = await import("node:path");
    const files = listOption(input, "identity").map((file) => path.resolve(context.cwd, file));
    const result = await checkKeys(await context.project(), files, context.now());
    for (const stranger of result.strangers) {
      context.output.warn(`${stranger} is no key of backup.recipients.`);
    }
    const error = keyError(result, files.length > 0);
    return error === null ? { result } : { result, error, exitCode: error.exitCode };
  },
  human: ({ recipients }) => [
    table(
      ["PUBLIC KEY", "SEEN TO DECRYPT"],
      recipients.map(({ recipient, seen }) => [recipient, seen ?? "never"]),
      "backups are not encrypted: studio backup key generate makes a key",
    ),
  ],
});
