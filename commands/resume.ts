import { text } from "../src/cli/blocks.ts";
import { type Recovery, recoveryPlanBlocks, recoveryText } from "../src/cli/recovery-view.ts";
import { defineCommand, textOption } from "../src/cli/command.ts";
import type { RecoveryPlan } from "../src/operation/preview-recovery.ts";

type Result = Recovery | { plan: RecoveryPlan };

export default defineCommand<Result>({
  description:
    "Carries the operation that did not end through, from what the journal says and what is found in reality. One that had already turned round is undone to its end.",
  options: [{ flags: "--lock-wait <duration>", summary: "Wait for another operation, e.g. 5m" }],
  examples: [
    { line: "studio resume", does: "carry an interrupted deploy through" },
    { line: "studio resume --dry-run", does: "show what is left of it" },
  ],
  dryRun: "plans",
  exitCodes: [0, 2, 5, 6, 7, 8],
  async run(context, input) {
    const recover = await import("../src/deploy/recover.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    if (context.options.dryRun) {
      return { result: { plan: await recover.previewRecover(place, "resume") } };
    }
    const recovered = await recover.resumeOperation(place);
    const { operation, kind, outcome, warnings } = recovered;
    for (const warning of warnings) context.output.warn(warning);
    return { result: { operation, kind, outcome, warnings } };
  },
  human: (result) =>
    "plan" in result ? recoveryPlanBlocks(result.plan) : [text(recoveryText(result))],
});
