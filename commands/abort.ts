import { defineCommand, flagOption, lockWaitOption, textOption } from "../src/cli/command.ts";
import { type RecoveryResult, recoveryBlocks, recoveryOutcome } from "../src/cli/recovery-view.ts";

export default defineCommand<RecoveryResult>({
  description:
    "Undoes the operation that did not end. One that already took effect is carried through instead: nothing is left to return to.",
  options: [
    lockWaitOption,
    { flags: "--leave", summary: "Close the operation as it is, undoing nothing" },
  ],
  examples: [
    { line: "studio abort", does: "return to the release before" },
    { line: "studio abort --dry-run", does: "show what would be undone" },
  ],
  dryRun: "plans",
  exitCodes: [0, 2, 4, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const recover = await import("../src/deploy/recover.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const leave = flagOption(input, "leave");
    if (context.options.dryRun) {
      const plan = await recover.previewRecover(place, "abort");
      return { result: { plan: leave ? { ...plan, direction: "closed", steps: [] } : plan } };
    }
    const recovered = await (leave ? recover.leaveOperation(place) : recover.abortOperation(place));
    return recoveryOutcome(context, recovered);
  },
  human: recoveryBlocks,
});
