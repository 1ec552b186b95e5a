import type { GeneratedFile, GeneratedStatement } from "../generate.ts";
import type { Schema } from "../model.ts";
import { fillNotes, fillSteps, lossComment } from "./explain.ts";
import { alterSqlite } from "./sqlite/alter.ts";
import { type RenameDecision, applyRenames, renameSteps, reversed } from "./renames.ts";
import { safeSchema } from "./safe.ts";
import type { Alter, Step } from "./step.ts";
import { wordsFor } from "./words.ts";

export interface PlanInput {
  live: Schema;
  /** The live schema with the new names. */
  renamed: Schema;
  /** What is declared, as far as it can be generated. */
  target: Schema;
  decisions: RenameDecision[];
}

export function planFiles(input: PlanInput): GeneratedFile[] {
  return planSingle(input, alterSqlite, input.live);
}

/**
 * One file, which goes from the live schema by way of the safe one and the filled one to the
 * target; what comes after the safe one is commented out.
 * @param start the live schema without what is in the way of the renames
 */
export function planSingle(input: PlanInput, alter: Alter, start: Schema): GeneratedFile[] {
  const { live, renamed, target, decisions } = input;
  const [safe, filled] = [safeSchema(renamed, target, false), safeSchema(renamed, target, true)];
  const named = start === live ? renamed : applyRenames(start, decisions);
  const up = [
    ...active(alter(live, start)),
    ...active(renameSteps(decisions, live)),
    ...active(alter(named, safe)),
    ...suggested(fillSteps(safe, filled, alter(safe, filled))),
    ...destructive(lossComment(filled, target, alter(filled, target))),
  ];
  const down = [
    ...destructive(alter(target, filled)),
    ...suggested(alter(filled, safe)),
    ...active(alter(safe, named)),
    ...active(renameSteps(reversed(decisions), live)),
    ...active(alter(start, live)),
  ];
  if (up.length + down.length === 0) return [];
  const notes = fillNotes(safe, filled);
  return [{ words: wordsFor(live, renamed, target), transactional: true, up, down, notes }];
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
