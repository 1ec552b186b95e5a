import { fields, text } from "../../src/cli/blocks.ts";
import { defineCommand, listOption, textOption } from "../../src/cli/command.ts";
import { createMeter } from "../../src/cli/meter.ts";
import type { SnapshotReport } from "../../src/backup/create/create.ts";
import { roughBytes } from "../../src/format/rough.ts";

export default defineCommand<SnapshotReport>({
  description:
    "Makes a snapshot of a tar archive that someone else made, plain or compressed by gzip or " +
    "zstd. The archive is not trusted: one that would write elsewhere, or is cut off, is refused " +
    "as a whole.",
  arguments: [{ name: "FILE", summary: "A tar archive", required: true, complete: "files" }],
  options: [
    { flags: "--set <name>", summary: "The set that it is listed under", default: "imported" },
    { flags: "--name <text>", summary: "A name to find it by" },
    { flags: "--tag <text>", summary: "A tag", repeatable: true },
    { flags: "--max-size <size>", summary: "What it may hold, e.g. 100GB (default: by its size)" },
  ],
  examples: [
    { line: "studio backup import old-studio.tar.gz --name old", does: "keep an old backup" },
    { line: "studio backup restore old --target /tmp/look", does: "and look at it" },
  ],
  exitCodes: [0, 2, 3, 4, 7, 8, 130, 143],
  async run(context, input) {
    const { importBackup } = await import("../../src/deploy/import-backup.ts");
    const { parseBytes } = await import("../../src/config/quantity.ts");
    const path = await import("node:path");
    const [file = ""] = input.arguments;
    const maxSize = textOption(input, "maxSize");
    const meter = createMeter(context);
    const result = await importBackup(await context.workplace(), {
      file: path.resolve(context.cwd, file),
      set: textOption(input, "set") ?? "imported",
      name: textOption(input, "name"),
      tags: listOption(input, "tag"),
      maxBytes: maxSize === undefined ? null : parseBytes(maxSize),
      say: (words) => meter.say(words),
    }).finally(() => meter.close());
    return { result };
  },
  human: ({ snapshot, added }) => [
    text(`Snapshot ${snapshot.id} was made of the archive and read back.`, "good"),
    fields([
      ["set", snapshot.set],
      ["content", `${snapshot.counts.files} files, ${roughBytes(snapshot.counts.bytes)}`],
      ["new", `${roughBytes(added.bytes)} in ${added.objects} objects`],
    ]),
  ],
});
