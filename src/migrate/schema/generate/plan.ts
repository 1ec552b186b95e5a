import type { GeneratedFile } from "../generate.ts";
import type { Schema } from "../model.ts";
import { copyNotes } from "./copied.ts";
import { fillNotes, fillSteps, lossComment } from "./explain.ts";
import { alterMysql } from "./mysql/alter.ts";
import { withKeptIndexes } from "./mysql/foreign-keys.ts";
import { withoutObstacles } from "./mysql/obstacles.ts";
import { type PlanInput, active, destructive, suggested } from "./plan-input.ts";
import { planPostgres } from "./postgres/plan.ts";
import { applyRenames, renameSteps, reversed } from "./renames.ts";
import { safeSchema } from "./safe.ts";
import { alterSqlite } from "./sqlite/alter.ts";
import type { Alter } from "./step.ts";
import { wordsFor } from "./words.ts";

export function planFiles(input: PlanInput): GeneratedFile[] {
  if (input.live.dialect === "postgres") return planPostgres(input);
  if (input.live.dialect === "sqlite") return planSingle(input, alterSqlite, input.live);
  const target = withKeptIndexes(input.renamed, input.target);
  const start = withoutObstacles(input.live, input.decisions);
  return planSingle({ ...input, target }, alterMysql, start);
}

/**
 * One file, which goes from the live schema by way of the safe one and the filled one to the
 * target; what comes after the safe one is commented out.
 * @param start the live schema without what is in the way of the renames
 */
function planSingle(input: PlanInput, alter: Alter, start: Schema): GeneratedFile[] {
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
  const notes = [...copyNotes(named, safe), ...fillNotes(safe, filled)];
  return [{ words: wordsFor(live, renamed, target), transactional: true, up, down, notes }];
}
