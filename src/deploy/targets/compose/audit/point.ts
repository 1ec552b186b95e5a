import type { AuditPoint } from "../../../target.ts";

interface Criterion {
  title: string;
  /** What is said where nothing was found. */
  good: string;
  /** What is found where there is something: a danger, or worth knowing. */
  state: "wrong" | "note";
  fix: string;
}

/** A point of the checklist: what was found against it, one by one; none is good. */
export function pointOf({ title, good, state, fix }: Criterion, found: string[]): AuditPoint {
  if (found.length === 0) return { title, state: "ok", found: good, fix: null };
  return { title, state, found: found.join("; "), fix };
}

/** Each service with what is found of it. */
export function each<T>(
  entries: Record<string, T>,
  look: (definition: T, name: string) => string[],
): string[] {
  return Object.entries(entries).flatMap(([name, one]) =>
    look(one, name).map((found) => `${name} ${found}`),
  );
}
