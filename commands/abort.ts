import { text } from "../src/cli/blocks.ts";
import { defineCommand, flagOption, textOption } from "../src/cli/command.ts";

interface Result {
  operation: string;
  kind: string;
  outcome: "succeeded" | "undone" | "left";
  warnings: string[];
}

export default defineCommand<Result>({
  description:
    "Undoes the operation that did not end. One that already took effect is carried through instead: nothing is left to return to.",
  options: [
    { flags: "--lock-wait <duration>", summary: "Wait for another operation, e.g. 5m" },
    { flags: "--leave", summary: "Close the operation as it is, undoing nothing" },
  ],
  examples: [{ line: "studio abort", does: "return to the release before" }],
  exitCodes: [0, 2, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const recover = await import("../src/deploy/recover.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const leave = flagOption(input, "leave");
    const recovered = await (leave ? recover.leaveOperation(place) : recover.abortOperation(place));
    const { operation, kind, outcome, warnings } = recovered;
    for (const warning of warnings) context.output.warn(warning);
    return { result: { operation, kind, outcome, warnings } };
  },
  human: (result) => [text(`The ${result.kind} ${result.operation} ${words[result.outcome]}.`)],
});

const words = {
  succeeded: "was carried through",
  undone: "was undone",
  left: "was closed as it is",
};
