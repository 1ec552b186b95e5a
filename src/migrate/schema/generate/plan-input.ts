import type { GeneratedStatement } from "../generate.ts";
import type { Schema } from "../model.ts";
import type { RenameDecision } from "./renames.ts";
import type { Step } from "./step.ts";

export interface PlanInput {
  live: Schema;
  /** The live schema with the new names. */
  renamed: Schema;
  /** What is declared, as far as it can be generated. */
  target: Schema;
  decisions: RenameDecision[];
}

export function active(steps: readonly Step[]): GeneratedStatement[] {
  return steps.map((step) => ({ ...step, destructive: false, suggested: false }));
}

export function suggested(steps: readonly Step[]): GeneratedStatement[] {
  return steps.map((step) => ({ ...step, destructive: false, suggested: true }));
}

export function destructive(steps: readonly Step[]): GeneratedStatement[] {
  return steps.map((step) => ({ ...step, destructive: true, suggested: false }));
}
