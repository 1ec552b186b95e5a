import { text } from "../src/cli/blocks.ts";
import { type Recovery, recoveryPlanBlocks, recoveryText } from "../src/cli/recovery-view.ts";
import { defineCommand, flagOption, textOption } from "../src/cli/command.ts";
import type { RecoveryPlan } from "../src/operation/preview-recovery.ts";

type Result = Recovery | { plan: RecoveryPlan };

export default defineCommand<Result>({
  description:
    "Undoes the operation that did not end. One that already took effect is carried through instead: nothing is left to return to.",
  options: [
    { flags: "--lock-wait <duration>", summary: "Wait for another operation, e.g. 5m" },
    { flags: "--leave", summary: "Close the operation as it is, undoing nothing" },
  ],
  examples: [
    { line: "studio abort", does: "return to the release before" },
    { line: "studio abort --dry-run", does: "show what would be undone" },
  ],
  dryRun: "plans",
  exitCodes: [0, 2, 5, 6, 7, 8],
  async run(context, input) {
    const recover = await import("../src/deploy/recover.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const leave = flagOption(input, "leave");
    if (context.options.dryRun) {
      const plan = await recover.previewRecover(place, "abort");
      return { result: { plan: leave ? { ...plan, direction: "closed", steps: [] } : plan } };
    }
    const recovered = await (leave ? recover.leaveOperation(place) : recover.abortOperation(place));
    const { operation, kind, outcome, warnings } = recovered;
    for (const warning of warnings) context.output.warn(warning);
    return { result: { operation, kind, outcome, warnings } };
  },
  human: (result) =>
    "plan" in result ? recoveryPlanBlocks(result.plan) : [text(recoveryText(result))],
});
