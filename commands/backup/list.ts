import { table } from "../../src/cli/blocks.ts";
import { defineCommand } from "../../src/cli/command.ts";
import { roughBytes } from "../../src/format/rough.ts";
import type { SnapshotSummary } from "../../src/backup/summary.ts";

export default defineCommand<SnapshotSummary[]>({
  description:
    "Lists the snapshots of the repository, with when each was read back and when it was last proven to restore.",
  examples: [{ line: "studio backup list", does: "oldest first" }],
  dryRun: "reads",
  exitCodes: [0, 2, 8],
  async run(context) {
    const { listBackups } = await import("../../src/deploy/list-backups.ts");
    const { env, now, masker } = context;
    const onSecret = (value: string) => masker.add(value);
    return { result: await listBackups({ project: await context.project(), env, now, onSecret }) };
  },
  human: (snapshots) => [
    table(
      ["ID", "SET", "NAME", "ENVIRONMENT", ">SIZE", "READ BACK", "RESTORED"],
      snapshots.map((one) => [
        one.id,
        one.set,
        one.name ?? "",
        one.environment,
        roughBytes(one.counts.bytes),
        one.damaged ??
          (one.verification === null
            ? "never"
            : one.verification.ok
              ? one.verification.at
              : "FAILED"),
        one.drill === null ? "never" : one.drill.ok ? one.drill.at : "FAILED",
      ]),
      "no snapshots yet: studio backup create",
    ),
  ],
});
