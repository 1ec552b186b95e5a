import { fields, text } from "../../src/cli/blocks.ts";
import { defineCommand, listOption, textOption } from "../../src/cli/command.ts";
import { createMeter } from "../../src/cli/meter.ts";
import { StudioError, exitCodes } from "../../src/errors.ts";
import type { SnapshotReport } from "../../src/backup/create/create.ts";
import { roughBytes } from "../../src/format/rough.ts";

export default defineCommand<SnapshotReport>({
  description: "Takes a snapshot of a backup set and reads it back; what runs goes on running.",
  options: [
    { flags: "--set <name>", summary: "One of backup.sets in studio.yaml", default: "full" },
    { flags: "--name <text>", summary: "A name to find it by" },
    { flags: "--tag <text>", summary: "A tag", repeatable: true },
  ],
  examples: [
    { line: "studio backup create", does: "everything" },
    { line: "studio backup create --set database", does: "the database alone" },
  ],
  exitCodes: [0, 2, 3, 4, 7, 8, 130, 143],
  async run(context, input) {
    const { createBackup } = await import("../../src/deploy/create-backup.ts");
    const meter = createMeter(context);
    const result = await createBackup(await context.view(), await context.desk(), {
      set: textOption(input, "set") ?? "full",
      name: textOption(input, "name"),
      tags: listOption(input, "tag"),
      note: (remark) => context.output.warn(remark),
      say: (words) => meter.say(words),
    }).finally(() => meter.close());
    const failure = failureOf(result);
    return failure === null ? { result } : { result, exitCode: failure.exitCode, error: failure };
  },
  human: ({ snapshot, added, attributes }) => [
    text(`Snapshot ${snapshot.id} was taken and read back.`, "good"),
    fields([
      ["set", snapshot.set],
      ["content", `${snapshot.counts.files} files, ${roughBytes(snapshot.counts.bytes)}`],
      ["new", `${roughBytes(added.bytes)} in ${added.objects} objects`],
      ["schema", snapshot.schemaHead ?? "empty"],
    ]),
    ...(attributes ? [] : [text("Extended attributes are not kept: install attr.", "warning")]),
  ],
});

function failureOf(report: SnapshotReport): StudioError | null {
  if (report.skipped.length === 0) return null;
  const names = report.skipped.map(({ path, reason }) => `${path} (${reason})`).join(", ");
  return new StudioError({
    code: "backup.incomplete",
    message: `The snapshot is incomplete. Not backed up: ${names}.`,
    hint: "Mend the permissions, or add the paths to backup.exclude.",
    exitCode: exitCodes.incomplete,
  });
}
