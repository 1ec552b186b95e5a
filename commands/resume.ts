import { text } from "../src/cli/blocks.ts";
import { defineCommand, textOption } from "../src/cli/command.ts";

interface Result {
  operation: string;
  kind: string;
  outcome: "succeeded" | "undone" | "left";
  warnings: string[];
}

export default defineCommand<Result>({
  description:
    "Carries the operation that did not end through, from what the journal says and what is found in reality. One that had already turned round is undone to its end.",
  options: [{ flags: "--lock-wait <duration>", summary: "Wait for another operation, e.g. 5m" }],
  examples: [{ line: "studio resume", does: "carry an interrupted deploy through" }],
  exitCodes: [0, 2, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const recover = await import("../src/deploy/recover.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const recovered = await recover.resumeOperation(place);
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
