import { list, text } from "../../src/cli/blocks.ts";
import { defineCommand, flagOption } from "../../src/cli/command.ts";
import { usageError } from "../../src/errors.ts";
import type { UndeleteReport } from "../../src/deploy/undelete-backups.ts";

export default defineCommand<UndeleteReport>({
  description:
    "Brings snapshots back that `studio backup prune` gave up: they stay in the trash for a day. " +
    "The next prune gives them up again unless backup.retention keeps them by then.",
  arguments: [
    { name: "ID", summary: "Snapshot, or its name", variadic: true, complete: "snapshots" },
  ],
  options: [{ flags: "--all", summary: "All that are in the trash" }],
  examples: [
    { line: "studio backup list --deleted", does: "what is in the trash?" },
    { line: "studio backup undelete --all", does: "bring all of it back" },
  ],
  exitCodes: [0, 2, 7, 8],
  async run(context, input) {
    const all = flagOption(input, "all");
    const place = await context.view();
    if (all === input.arguments.length > 0) {
      throw usageError(
        all ? "--all and single snapshots were given." : "Which snapshots should come back?",
        "Give their ids, or --all alone. `studio backup list --deleted` shows them.",
      );
    }
    const { undeleteBackups } = await import("../../src/deploy/undelete-backups.ts");
    return { result: await undeleteBackups(place, all ? null : input.arguments) };
  },
  human: ({ restored }) =>
    restored.length === 0
      ? [text("There was nothing to bring back.")]
      : [text("These snapshots are back:", "good"), list(restored)],
});
