import type { Recovered } from "../operation/recover.ts";
import { type Block, text } from "./blocks.ts";
import type { Outcome } from "./command.ts";
import type { Context } from "./context.ts";

export type RecoveryResult = Pick<Recovered, "operation" | "kind" | "outcome" | "warnings">;

/** What `resume` and `abort` hand back of the operation that they brought to its end. */
export function recoveryOutcome(context: Context, recovered: Recovered): Outcome<RecoveryResult> {
  const { operation, kind, outcome, warnings } = recovered;
  for (const warning of warnings) context.output.warn(warning);
  return { result: { operation, kind, outcome, warnings } };
}

export function recoveryBlocks({ operation, kind, outcome }: RecoveryResult): Block[] {
  return [text(`The ${kind} ${operation} ${ends[outcome]}.`)];
}

const ends = {
  succeeded: "was carried through",
  undone: "was undone",
  left: "was closed as it is",
};
