import { type Tone, text } from "../src/cli/blocks.ts";
import { defineCommand } from "../src/cli/command.ts";
import type { CheckState } from "../src/doctor/check.ts";
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
  files: "sent",
  exitCodes: [0, 2, 4],
  async run(context) {
    const { diagnose, diagnosisError } = await import("../src/doctor/diagnose.ts");
    const result = await diagnose({
      host: { node: process.versions.node, freeMemory: process.availableMemory() },
      now: context.now(),
      env: context.env,
      project: () => context.project(),
      view: () => context.view(),
    });
    const error = diagnosisError(result);
    return error === null ? { result } : { result, error, exitCode: error.exitCode };
  },
  human: ({ checks }) =>
    checks.flatMap(({ title, state, found, fix }) => [
      text(`${state.padEnd(7)}  ${title}: ${found}`, tones[state]),
      ...(fix === null ? [] : [text(`         fix: ${fix}`)]),
    ]),
});

const tones: Record<CheckState, Tone> = {
  ok: "good",
  wrong: "bad",
  note: "warning",
  skipped: "dim",
};
