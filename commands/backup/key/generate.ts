import { fields, text } from "../../../src/cli/blocks.ts";
import { defineCommand, textOption } from "../../../src/cli/command.ts";
import type { NewKey } from "../../../src/deploy/generate-key.ts";

export default defineCommand<NewKey>({
  description:
    "Makes an age key to encrypt backups with. The private half goes into a file alone, in the " +
    "format of age-keygen; whoever lacks it cannot read what is encrypted, you included.",
  options: [
    {
      flags: "--output <file>",
      summary: "A new file for the private half",
      default: "backup-key.txt",
      complete: "files",
    },
  ],
  examples: [
    { line: "studio backup key generate --output /mnt/usb/key.txt", does: "onto another disk" },
  ],
  files: "here",
  exitCodes: [0, 2],
  async run(context, input) {
    const project = await context.project();
    const { generateKey } = await import("../../../src/deploy/generate-key.ts");
    const path = await import("node:path");
    const file = path.resolve(context.cwd, textOption(input, "output") ?? "backup-key.txt");
    return { result: await generateKey(project, file, context.now()) };
  },
  human: ({ file, recipient, configuration }) => [
    text(`A new key was made. Its private half is in ${file}, and nowhere else.`, "good"),
    fields([["public key", recipient]]),
    text("In studio.yaml:"),
    text(configuration.trimEnd()),
    text(
      "Move the file to where this machine, and whoever breaks into it, cannot read it, and keep " +
        "two copies: without it the backups are lost. From there prove it once: " +
        "studio backup key check --identity FILE",
      "warning",
    ),
  ],
});
