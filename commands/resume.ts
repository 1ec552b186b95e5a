import { defineCommand, lockWaitOption, textOption } from "../src/cli/command.ts";
import { type RecoveryResult, recoveryBlocks, recoveryOutcome } from "../src/cli/recovery-view.ts";

export default defineCommand<RecoveryResult>({
  description:
    "Carries the operation that did not end through, from what the journal says and what is found in reality. One that had already turned round is undone to its end.",
  options: [lockWaitOption],
  examples: [
    { line: "studio resume", does: "carry an interrupted deploy through" },
    { line: "studio resume --dry-run", does: "show what is left of it" },
  ],
  dryRun: "plans",
  exitCodes: [0, 2, 4, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const recover = await import("../src/deploy/recover.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    if (context.options.dryRun) {
      return { result: { plan: await recover.previewRecover(place, "resume") } };
    }
    return recoveryOutcome(context, await recover.resumeOperation(place));
  },
  human: recoveryBlocks,
});
