import { suggest } from "../../config/suggest.ts";
import { usageError } from "../../errors.ts";
import type { Threshold } from "./threshold.ts";

/** @throws StudioError (exit 2) for a threshold of a tag that no request of the run has */
export function requireTags(thresholds: readonly Threshold[], known: readonly string[]): void {
  for (const { tag, text } of thresholds) {
    if (tag === null || known.includes(tag)) continue;
    const meant = suggest(tag, known);
    throw usageError(
      `The threshold "${text}" is of requests that the scenario has not: its tags are ${known.join(", ")}.`,
      meant === undefined ? "Name one of them in it." : `Did you mean "{${meant}}"?`,
    );
  }
}
