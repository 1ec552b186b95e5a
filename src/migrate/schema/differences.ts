import { pair } from "./pairs.ts";

export interface Difference {
  kind: "added" | "removed" | "changed";
  what: string;
  path: string;
  before: string | null;
  after: string | null;
}

interface Rules<T> {
  path: (thing: T) => string;
  /** What makes two things the same thing; its name, unless given. */
  identity?: (thing: T) => string | undefined;
  isSame: (one: T, other: T) => boolean;
  words: (thing: T) => string;
}

/** The differences between two lists of things of one kind. */
export function compareLists<T extends { name?: string }>(
  what: string,
  before: readonly T[],
  after: readonly T[],
  rules: Rules<T>,
): Difference[] {
  const { path, words, isSame } = rules;
  const pairs = pair(before, after, rules.identity ?? (({ name }) => name), isSame);
  const changed = pairs.both.filter(([one, other]) => !isSame(one, other));
  return [
    ...pairs.removed.map(
      (one): Difference => ({
        kind: "removed",
        what,
        path: path(one),
        before: words(one),
        after: null,
      }),
    ),
    ...changed.map(
      ([one, other]): Difference => ({
        kind: "changed",
        what,
        path: path(other),
        ...firstChange(words(one), words(other)),
      }),
    ),
    ...pairs.added.map(
      (one): Difference => ({
        kind: "added",
        what,
        path: path(one),
        before: null,
        after: words(one),
      }),
    ),
  ];
}

/** The difference between two values, where an empty one is none. */
export function compareValues(
  what: string,
  path: string,
  before: string | undefined,
  after: string | undefined,
): Difference[] {
  const [one, other] = [before || null, after || null];
  if (one === other) return [];
  const kind = one === null ? "added" : other === null ? "removed" : "changed";
  return [{ kind, what, path, before: one, after: other }];
}

/** Of texts of several lines, the first lines that differ. */
function firstChange(before: string, after: string): { before: string; after: string } {
  const [left, right] = [before.split("\n"), after.split("\n")];
  if (left.length === 1 && right.length === 1) return { before, after };
  const index = left.findIndex((line, at) => line.trim() !== right[at]?.trim());
  const at = index === -1 ? left.length : index;
  const line = (lines: readonly string[]) => `line ${at + 1}: ${lines[at]?.trim() ?? "(the end)"}`;
  return { before: line(left), after: line(right) };
}
