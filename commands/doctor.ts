import { table } from "../src/cli/blocks.ts";
import { defineCommand } from "../src/cli/command.ts";
import type { Diagnosis } from "../src/doctor/diagnose.ts";

export default defineCommand<Diagnosis>({
  description:
    "Looks at the machine, the configuration, the release that serves, the schema and the " +
    "backups, and says of whatever is wrong how to mend it. Changes nothing.",
  examples: [
    { line: "studio doctor", does: "look at everything" },
    { line: "studio doctor --env production --json", does: "for a monitor" },
  ],
  dryRun: "reads",
  exitCodes: [0, 2, 4],
  async run(context) {
    const { diagnose, diagnosisError } = await import("../src/doctor/diagnose.ts");
    const result = await diagnose({
      host: { node: process.versions.node, freeMemory: process.availableMemory() },
      now: context.now(),
      env: context.env,
      project: () => context.project(),
      workplace: () => context.workplace(),
    });
    const error = diagnosisError(result);
    return error === null ? { result } : { result, error, exitCode: error.exitCode };
  },
  human: ({ checks }) => [
    table(
      ["CHECK", "STATE", "FOUND", "FIX"],
      checks.map(({ title, state, found, fix }) => [title, state, found, fix ?? "-"]),
      "no checks",
    ),
  ],
});
