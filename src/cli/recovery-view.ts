import type { RecoveryPlan } from "../operation/preview-recovery.ts";
import { type Block, fields, heading, list, text } from "./blocks.ts";

/** How `resume` or `abort` ended. */
export interface Recovery {
  operation: string;
  kind: string;
  outcome: "succeeded" | "undone" | "left";
  warnings: string[];
}

const endings = {
  succeeded: "was carried through",
  undone: "was undone",
  left: "was closed as it is",
};

const directions = { forward: "carried through", back: "undone", closed: "closed as it is" };

export const recoveryText = ({ kind, operation, outcome }: Recovery): string =>
  `The ${kind} ${operation} ${endings[outcome]}.`;

/** What `resume` or `abort` would do, for people. */
export function recoveryPlanBlocks(plan: RecoveryPlan): Block[] {
  const { operation, kind, startedAt, direction, steps } = plan;
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
