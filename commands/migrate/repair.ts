import { list, text } from "../../src/cli/blocks.ts";
import {
  type Input,
  defineCommand,
  flagOption,
  lockWaitOption,
  messageOption,
  textOption,
} from "../../src/cli/command.ts";
import { databaseOption } from "../../src/cli/migrate-view.ts";
import { usageError } from "../../src/errors.ts";
import type { MovedMigration } from "../../src/migrate/move.ts";
import type { Repair, RepairReport } from "../../src/migrate/repair.ts";

export default defineCommand<RepairReport | MovedMigration>({
  description:
    "Mends what `studio migrate status` finds wrong between the files and the journal, one thing at a " +
    "time. The schema itself is not touched.",
  options: [
    { flags: "--accept <name>", summary: "Take an edited file as it is for what was applied" },
    { flags: "--forget <name>", summary: "Remove the row of a migration whose file is gone" },
    { flags: "--move <name>", summary: "Give a pending file that came too late the present time" },
    {
      flags: "--applied <name>",
      summary: "Say that one that stopped half-way was finished by hand",
    },
    {
      flags: "--reverted <name>",
      summary: "Say that one that stopped half-way was undone by hand",
    },
    { flags: "--relink", summary: "Number the rows of a journal anew that was changed by hand" },
    databaseOption,
    messageOption,
    lockWaitOption,
  ],
  examples: [
    {
      line: "studio migrate repair --accept 20261120T210500Z-add-users",
      does: "keep an edit of a comment",
    },
  ],
  exitCodes: [0, 2, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const moved = textOption(input, "move");
    const asked = repairOf(input);
    if ((asked === null) === (moved === undefined)) {
      throw usageError("Say one thing to repair.", "`studio migrate status` tells which fits.");
    }
    if (asked === null) {
      const { movePending } = await import("../../src/deploy/move-pending.ts");
      return { result: await movePending(await context.view(), moved ?? "") };
    }
    const { repair } = await import("../../src/deploy/repair-journal.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const databaseUrlFile = textOption(input, "databaseUrlFile") ?? null;
    const message = textOption(input, "message") ?? null;
    return { result: await repair(place, { repair: asked, databaseUrlFile }, message) };
  },
  human: (result) =>
    "to" in result
      ? [text(`${result.from} is now ${result.to}`)]
      : [list(result.changed), text(`Schema head: ${result.head ?? "empty"}`)],
});

/** Null where none was asked for; more than one is refused. */
function repairOf(input: Input): Repair | null {
  const repairs: Repair[] = [];
  for (const kind of ["accept", "forget", "applied", "reverted"] as const) {
    const name = textOption(input, kind);
    if (name !== undefined) repairs.push({ kind, name });
  }
  if (flagOption(input, "relink")) repairs.push({ kind: "relink" });
  if (repairs.length > 1) throw usageError("One repair at a time.");
  return repairs[0] ?? null;
}
