import { fields, list, text } from "../../src/cli/blocks.ts";
import {
  type Input,
  defineCommand,
  flagOption,
  listOption,
  textOption,
} from "../../src/cli/command.ts";
import { createMeter } from "../../src/cli/meter.ts";
import { usageError } from "../../src/errors.ts";
import type { ExportReport } from "../../src/backup/export/export.ts";
import type { ArchiveFormat } from "../../src/backup/export/formats.ts";
import { roughBytes } from "../../src/format/rough.ts";

export default defineCommand<ExportReport>({
  description:
    "Writes a snapshot, or a part of it, as one archive for other programs; each file is checked " +
    "while it is written. A zip holds less than a tar: no owners, and times to two seconds.",
  arguments: [
    { name: "ID", summary: "Snapshot, its name, or latest", required: true, complete: "snapshots" },
    {
      name: "FILE",
      summary: ".tar.gz, .tar, .tar.zst or .zip; - for standard output",
      required: true,
      complete: "files",
    },
    { name: "PATH", summary: "Only these", variadic: true },
  ],
  options: [
    { flags: "--include <pattern>", summary: "Only files that match", repeatable: true },
    { flags: "--exclude <pattern>", summary: "Leave out what matches", repeatable: true },
    { flags: "--identity <file>", summary: "age key of an encrypted snapshot", repeatable: true },
    {
      flags: "--format <name>",
      summary: "tar.gz, tar, tar.zst or zip (default: by the name; tar for -)",
      complete: ["tar.gz", "tar", "tar.zst", "zip"],
    },
    { flags: "--overwrite", summary: "Replace a file of that name" },
  ],
  examples: [
    { line: "studio backup export latest studio.tar.gz", does: "everything" },
    { line: "studio backup export latest uploads.zip uploads", does: "one folder" },
    { line: "studio backup export latest - > studio.tar", does: "to standard output" },
  ],
  attached: true,
  exitCodes: [0, 2, 4, 8, 130, 143],
  async run(context, input) {
    const { exportBackup } = await import("../../src/deploy/export-backup.ts");
    const path = await import("node:path");
    const [snapshot = "", file = "", ...paths] = input.arguments;
    const format = await formatOf(input, file);
    if (file === "-" && context.terminal.stdout) {
      throw usageError("An archive is nothing for a terminal.", "Send it on with a pipe.");
    }
    const output =
      file === "-"
        ? { stream: context.stdout }
        : { file: path.resolve(context.cwd, file), overwrite: flagOption(input, "overwrite") };
    const meter = createMeter(context);
    const result = await exportBackup(await context.workplace(), {
      snapshot,
      output,
      format,
      paths,
      include: listOption(input, "include"),
      exclude: listOption(input, "exclude"),
      identityFiles: listOption(input, "identity").map((one) => path.resolve(context.cwd, one)),
      say: (words) => meter.say(words),
    }).finally(() => meter.close());
    for (const { path: at, note } of result.notes) context.output.warn(`${at} ${note}`);
    if (file === "-") context.output.message(`${result.sha256}  -`);
    return { result, silent: file === "-" };
  },
  human: ({ file, sha256, bytes, counts, snapshot }) => [
    text(`Snapshot ${snapshot} was written to ${file}.`, "good"),
    fields([
      ["content", `${counts.files} files, ${roughBytes(counts.bytes)}`],
      ["archive", roughBytes(bytes)],
    ]),
    list([`${sha256}  ${file}`]),
  ],
});

async function formatOf(input: Input, file: string): Promise<ArchiveFormat> {
  const { archiveFormats, formatOfName } = await import("../../src/backup/export/formats.ts");
  const asked = textOption(input, "format");
  const known = archiveFormats.join(", ");
  if (asked !== undefined) {
    const format = archiveFormats.find((one) => one === asked);
    if (format === undefined) throw usageError(`--format takes one of ${known}.`);
    return format;
  }
  const format = file === "-" ? "tar" : formatOfName(file);
  if (format !== null) return format;
  throw usageError(
    `The name "${file}" does not say what kind of archive is wanted.`,
    `Give it one of the endings ${known}, or say --format.`,
  );
}
