import { tokenize } from "../../expression/tokens.ts";
import type { Routine, Schema } from "../../model.ts";
import { sameRoutine } from "../../same/objects.ts";
import { mentionsAny } from "../dependents.ts";
import { type Step, steps } from "../step.ts";
import { quotePath } from "./write.ts";

export interface RoutineChanges {
  dropFirst: Step[];
  createFirst: Step[];
  /** Those that have a table in their arguments or their result. */
  createLast: Step[];
  dropLast: Step[];
}

/** Functions come before the tables whose defaults call them, and after those they return. */
export function routineChanges(before: Schema, after: Schema): RoutineChanges {
  const now = new Map(after.routines.map((one) => [one.signature, one]));
  const old = new Map(before.routines.map((one) => [one.signature, one]));
  const removed = before.routines.filter(({ signature }) => !now.has(signature));
  const changed = after.routines.filter((one) => {
    const twin = old.get(one.signature);
    return twin === undefined || !sameRoutine(twin, one, "postgres");
  });
  // OR REPLACE cannot change the result or the names of arguments.
  const replaced = changed.filter((one) => {
    const twin = old.get(one.signature);
    return twin !== undefined && headOf(twin) !== headOf(one);
  });
  const tables = [...before.tables, ...after.tables, ...before.views, ...after.views];
  const names = tables.map(({ name }) => name);
  const isLate = (one: Routine) => mentionsAny(headOf(one), names, "postgres");
  const drops = [
    ...removed.filter(isLate),
    ...replaced.flatMap(({ signature }) => old.get(signature) ?? []),
  ];
  // A body may use what is not there yet; it is looked at when it runs.
  const settle = changed.length === 0 ? [] : steps("SET LOCAL check_function_bodies = off");
  return {
    dropFirst: steps(...drops.map(dropRoutine)),
    createFirst: [...settle, ...steps(...changed.filter((one) => !isLate(one)).map(createRoutine))],
    createLast: steps(...changed.filter(isLate).map(createRoutine)),
    dropLast: steps(...removed.filter((one) => !isLate(one)).map(dropRoutine)),
  };
}

function createRoutine({ definition }: Routine): string {
  return definition.replace(/^\s*create\s+(?:or\s+replace\s+)?/i, "CREATE OR REPLACE ");
}

function dropRoutine({ signature, definition }: Routine): string {
  const kind = /^\s*create\s+(?:or\s+replace\s+)?procedure\b/i.test(definition)
    ? "PROCEDURE"
    : "FUNCTION";
  return `DROP ${kind} ${signatureSql(signature)}`;
}

/** The name in quotes where it needs them, and the types as they are. */
export function signatureSql(signature: string): string {
  const at = signature.indexOf("(");
  return `${quotePath(signature.slice(0, at))}${signature.slice(at)}`;
}

/** From the arguments to the result, in one form. */
function headOf({ definition }: Routine): string {
  const tokens = tokenize(definition, "postgres") ?? [];
  const open = tokens.findIndex(({ text }) => text === "(");
  const ends =
    /^(language|as|immutable|stable|volatile|strict|security|parallel|cost|rows|window|leakproof|begin|return|set|support|called|not|external|transform)$/i;
  let depth = 0;
  const words: string[] = [];
  for (const token of tokens.slice(open)) {
    if (token.text === "(") depth++;
    if (token.text === ")") depth--;
    if (depth === 0 && token.kind === "word" && ends.test(token.text)) break;
    words.push(token.kind === "word" ? token.text.toLowerCase() : token.text);
  }
  return words.join(" ");
}
