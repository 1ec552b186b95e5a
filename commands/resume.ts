import { defineCommand, lockWaitOption, textOption } from "../src/cli/command.ts";
import { type RecoveryResult, recoveryBlocks, recoveryOutcome } from "../src/cli/recovery-view.ts";

export default defineCommand<RecoveryResult>({
  description:
    "Carries the operation that did not end through, from what the journal says and what is found in reality. One that had already turned round is undone to its end.",
  options: [lockWaitOption],
  examples: [{ line: "studio resume", does: "carry an interrupted deploy through" }],
  exitCodes: [0, 2, 4, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const recover = await import("../src/deploy/recover.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const recovered = await recover.resumeOperation(place);
    return recoveryOutcome(context, recovered);
  },
  human: recoveryBlocks,
});
