import { type Block, table } from "../../src/cli/blocks.ts";
import { defineCommand, flagOption } from "../../src/cli/command.ts";
import { roughBytes } from "../../src/format/rough.ts";
import type { SnapshotSummary } from "../../src/backup/summary.ts";
import type { DeletedSnapshot } from "../../src/deploy/list-backups.ts";

export default defineCommand<SnapshotSummary[] | { deleted: DeletedSnapshot[] }>({
  description:
    "Lists the snapshots of the repository, with when each was read back and when it was last proven to restore.",
  options: [{ flags: "--deleted", summary: "List those in the trash, and until when" }],
  examples: [
    { line: "studio backup list", does: "oldest first" },
    { line: "studio backup list --deleted", does: "what can still be brought back" },
  ],
  dryRun: "reads",
  exitCodes: [0, 2, 8],
  async run(context, input) {
    const { listBackups, listDeletedBackups } = await import("../../src/deploy/list-backups.ts");
    if (flagOption(input, "deleted")) {
      return { result: { deleted: await listDeletedBackups(await context.view()) } };
    }
    const { env, now, masker } = context;
    const onSecret = (value: string) => masker.add(value);
    return { result: await listBackups({ project: await context.project(), env, now, onSecret }) };
  },
  human: (result) => [Array.isArray(result) ? listed(result) : trashed(result.deleted)],
});

function listed(snapshots: readonly SnapshotSummary[]): Block {
  return table(
    [...usual, "READ BACK", "RESTORED"],
    snapshots.map((one) => [
      ...cellsOf(one),
      one.damaged ?? outcome(one.verification),
      outcome(one.drill),
    ]),
    "no snapshots yet: studio backup create",
  );
}

function trashed(snapshots: readonly DeletedSnapshot[]): Block {
  return table(
    [...usual, "DELETED", "KEPT UNTIL"],
    snapshots.map((one) => [
      ...cellsOf(one),
      one.trashed ?? "unknown",
      one.keptUntil ?? "brought back",
    ]),
    "the trash is empty",
  );
}

const usual = ["ID", "SET", "NAME", "ENVIRONMENT", ">SIZE"];

function cellsOf({ id, set, name, environment, counts }: SnapshotSummary): string[] {
  return [id, set, name ?? "", environment, roughBytes(counts.bytes)];
}

function outcome(last: { at: string; ok: boolean } | null): string {
  if (last === null) return "never";
  return last.ok ? last.at : "FAILED";
}
