import type { RecoveryPlan } from "../operation/preview-recovery.ts";
import type { Recovered } from "../operation/recover.ts";
import { type Block, fields, heading, list, text } from "./blocks.ts";
import type { Outcome } from "./command.ts";
import type { Context } from "./context.ts";

type Recovery = Pick<Recovered, "operation" | "kind" | "outcome" | "warnings">;

/** How `resume` or `abort` ended, or what it would do. */
export type RecoveryResult = Recovery | { plan: RecoveryPlan };

/** What `resume` and `abort` hand back of the operation that they brought to its end. */
export function recoveryOutcome(context: Context, recovered: Recovered): Outcome<RecoveryResult> {
  const { operation, kind, outcome, warnings } = recovered;
  for (const warning of warnings) context.output.warn(warning);
  return { result: { operation, kind, outcome, warnings } };
}

const endings = {
  succeeded: "was carried through",
  undone: "was undone",
  left: "was closed as it is",
};

const directions = { forward: "carried through", back: "undone", closed: "closed as it is" };

export function recoveryBlocks(result: RecoveryResult): Block[] {
  if ("plan" in result) return planBlocks(result.plan);
  const { kind, operation, outcome } = result;
  return [text(`The ${kind} ${operation} ${endings[outcome]}.`)];
}

function planBlocks({ operation, kind, startedAt, direction, steps }: RecoveryPlan): Block[] {
  return [
    fields([
      ["operation", `${kind} ${operation}`],
      ["started", startedAt],
      ["would be", directions[direction]],
    ]),
    ...(steps.length === 0 ? [] : [heading("Steps"), list(steps)]),
    text("Nothing was changed.", "dim"),
  ];
}
