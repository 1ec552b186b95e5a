import { usageError } from "../errors.ts";
import { identifierTime, timestampOf } from "../identifier.ts";

/**
 * The time that a new migration is named by, so that it comes last: now, or one second after the
 * latest migration where that is later.
 * @param latest the greatest name there is; null where there is none
 * @returns `20261120T210500Z`
 */
export function nextTime(now: Date, latest: string | null): string {
  const own = timestampOf(now);
  const [last = ""] = latest?.split("-") ?? [];
  if (own > last) return own;
  const next = new Date(identifierTime(last).getTime() + 1000);
  if (Number.isNaN(next.getTime())) {
    throw usageError(
      `Nothing can come after the migration ${latest}: the time in its name is none.`,
      "Rename its file.",
    );
  }
  return timestampOf(next);
}
