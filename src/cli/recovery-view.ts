import type { RecoveredOperation } from "../deploy/recover.ts";
import type { RecoveryPlan } from "../operation/preview-recovery.ts";
import { type Block, fields, heading, list, text } from "./blocks.ts";
import type { Outcome } from "./command.ts";
import type { Context } from "./context.ts";
import { issuedKeyBlocks } from "./key-view.ts";

type Recovery = Pick<RecoveredOperation, "operation" | "kind" | "outcome" | "warnings" | "keys">;

/** How `resume` or `abort` ended, or what it would do. */
export type RecoveryResult = Recovery | { plan: RecoveryPlan };

/** What `resume` and `abort` hand back of the operation that they brought to its end. */
export function recoveryOutcome(
  context: Context,
  recovered: RecoveredOperation,
): Outcome<RecoveryResult> {
  const { operation, kind, outcome, warnings, keys } = recovered;
  for (const warning of warnings) context.output.warn(warning);
  return { result: { operation, kind, outcome, warnings, keys } };
}

const endings = {
  succeeded: "was carried through",
  undone: "was undone",
  left: "was closed as it is",
};

const directions = { forward: "carried through", back: "undone", closed: "closed as it is" };

export function recoveryBlocks(result: RecoveryResult): Block[] {
  if ("plan" in result) return planBlocks(result.plan);
  const { kind, operation, outcome, keys } = result;
  return [
    text(`The ${kind} ${operation} ${endings[outcome]}.`),
    ...keys.flatMap((key) => issuedKeyBlocks(key)),
  ];
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
