import { list, text } from "../../src/cli/blocks.ts";
import { defineCommand, flagOption, textOption } from "../../src/cli/command.ts";
import { usageError } from "../../src/errors.ts";
import type { PruneReport } from "../../src/backup/retention/prune.ts";

export default defineCommand<PruneReport>({
  description:
    "Removes the snapshots that backup.retention does not keep: into the trash first, for good a " +
    "day later. The last one that was read back always stays.",
  options: [
    { flags: "--plan", summary: "Show what would go, and change nothing" },
    { flags: "--retention <days>", summary: "Keep so many dailies instead" },
  ],
  examples: [{ line: "studio backup prune --plan", does: "see what would go" }],
  dryRun: "plans",
  exitCodes: [0, 2, 7, 8],
  async run(context, input) {
    const { pruneBackups } = await import("../../src/deploy/prune-backups.ts");
    const days = textOption(input, "retention");
    if (days !== undefined && !/^[1-9]\d{0,4}$/.test(days)) {
      throw usageError("--retention takes a number of days.");
    }
    const plan = flagOption(input, "plan") || context.options.dryRun;
    const retention = days === undefined ? null : Number(days);
    return { result: await pruneBackups(await context.workplace(), plan, retention) };
  },
  human: (report) => [
    text(
      `${report.kept.length} kept, ${report.trashed.length} ${report.plan ? "would go" : "moved"} to the trash, ${report.removed.length} removed.`,
    ),
    list(report.trashed),
  ],
});
