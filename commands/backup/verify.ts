import { list, text } from "../../src/cli/blocks.ts";
import { defineCommand } from "../../src/cli/command.ts";
import { StudioError, exitCodes } from "../../src/errors.ts";
import { roughBytes } from "../../src/format/rough.ts";
import type { VerifyReport } from "../../src/backup/verify.ts";

export default defineCommand<VerifyReport>({
  description: "Reads a snapshot back as a whole and compares every byte with what was recorded.",
  arguments: [{ name: "ID", summary: "Snapshot (default: latest)", complete: "snapshots" }],
  examples: [{ line: "studio backup verify latest", does: "prove the last snapshot" }],
  dryRun: "reads",
  exitCodes: [0, 2, 4, 7, 8, 130, 143],
  async run(context, input) {
    const { verifyBackup } = await import("../../src/deploy/backup.ts");
    const result = await verifyBackup(await context.workplace(), input.arguments[0] ?? "latest");
    if (result.ok) return { result };
    const exitCode = exitCodes.checkFailed;
    const message = `Snapshot ${result.id} is damaged.`;
    const hint = "`studio backup list` shows the others; take a new one now.";
    return {
      result,
      exitCode,
      error: new StudioError({ code: "backup.damaged", message, hint, exitCode }),
    };
  },
  human: (report) =>
    report.ok
      ? [
          text(
            `Snapshot ${report.id} is whole: ${report.members} files and folders, ${roughBytes(report.bytes)} read back.`,
            "good",
          ),
        ]
      : [list(report.problems)],
});
