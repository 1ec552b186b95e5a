import { type Block, fields, list, table, text } from "../../src/cli/blocks.ts";
import { defineCommand, listOption, textOption } from "../../src/cli/command.ts";
import { createMeter } from "../../src/cli/meter.ts";
import { StudioError, exitCodes } from "../../src/errors.ts";
import { roughBytes, roughDuration } from "../../src/format/rough.ts";
import type { DrillReport } from "../../src/backup/drill/drill-record.ts";

export default defineCommand<DrillReport>({
  description:
    "Proves a snapshot by restoring it into a scratch folder and a scratch database: every file " +
    "is checked, every row counted, every model run, and a planted damage must be noticed. " +
    "Nothing of the environment is touched; the evidence is kept beside the snapshot.",
  arguments: [{ name: "ID", summary: "Snapshot (default: latest)", complete: "snapshots" }],
  options: [
    { flags: "--scratch <folder>", summary: "Where there is room for all that is restored" },
    { flags: "--identity <file>", summary: "age key of an encrypted snapshot", repeatable: true },
  ],
  examples: [
    { line: "studio backup drill", does: "could the last snapshot be restored, and how fast?" },
  ],
  exitCodes: [0, 2, 4, 7, 8, 130, 143],
  async run(context, input) {
    const { drillBackup } = await import("../../src/deploy/drill.ts");
    const path = await import("node:path");
    const absolute = (file: string) => path.resolve(context.cwd, file);
    const scratch = textOption(input, "scratch");
    const meter = createMeter(context);
    const result = await drillBackup(await context.workplace(), {
      snapshot: input.arguments[0] ?? "latest",
      identityFiles: listOption(input, "identity").map(absolute),
      scratch: scratch === undefined ? null : absolute(scratch),
      say: (words) => meter.say(words),
    }).finally(() => meter.close());
    if (result.ok) return { result };
    const exitCode = exitCodes.checkFailed;
    const message = `Snapshot ${result.id} could not be restored whole.`;
    const hint = "`studio backup list` shows the others; take a new one now.";
    return {
      result,
      exitCode,
      error: new StudioError({ code: "backup.drillFailed", message, hint, exitCode }),
    };
  },
  human: (report) => [
    ...(report.ok
      ? [text(`Snapshot ${report.id} was restored whole, and would be again.`, "good")]
      : [list(report.problems)]),
    fields([
      ["recovery time", roughDuration(report.recovery)],
      ["files", `${report.files} (${roughBytes(report.bytes)})`],
      ["models run", String(report.models.length)],
      ["planted damage", plantedText(report)],
    ]),
    databasesOf(report),
  ],
});

function plantedText({ planted }: DrillReport): string {
  if (planted === null) return "there was no file to damage";
  return `${planted.noticed ? "noticed" : "NOT NOTICED"} in ${planted.path}`;
}

function databasesOf({ databases }: DrillReport): Block {
  return table(
    ["DATABASE", "KIND", ">TABLES", ">ROWS"],
    databases.map(({ label, dialect, tables, reason }) =>
      tables === null
        ? [label, dialect, reason ?? "", ""]
        : [label, dialect, String(Object.keys(tables).length), String(rowsOf(tables))],
    ),
    "no databases",
  );
}

function rowsOf(tables: Record<string, number | null>): number {
  return Object.values(tables).reduce<number>((sum, rows) => sum + (rows ?? 0), 0);
}
