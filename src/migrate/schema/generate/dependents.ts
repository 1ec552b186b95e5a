import type { Dialect } from "../../../database/address.ts";
import { foldName, mentionedNames } from "../expression/mentions.ts";
import type { View } from "../model.ts";
import { byName } from "../model.ts";
import { lastPart } from "../names.ts";

/** Views in an order in which each comes after those it may use. */
export function inOrderOfUse(views: readonly View[], dialect: Dialect): View[] {
  const left = views.toSorted(byName);
  const ordered: View[] = [];
  while (left.length > 0) {
    const next = left.findIndex(
      (view) => !left.some((one) => one !== view && uses(view, one, dialect)),
    );
    ordered.push(...left.splice(Math.max(next, 0), 1));
  }
  return ordered;
}

function uses(view: View, other: View, dialect: Dialect): boolean {
  return mentionsAny(view.definition, [other.name], dialect);
}

/** Whether SQL may use one of the tables or views with these names. */
export function mentionsAny(sql: string, names: readonly string[], dialect: Dialect): boolean {
  const mentioned = mentionedNames(sql, dialect);
  return names.some((name) => mentioned.has(foldName(lastPart(name, dialect), dialect)));
}

/** The views that may use what has one of these names, and those that use these, and so on. */
export function dependentViews(
  views: readonly View[],
  names: readonly string[],
  dialect: Dialect,
): View[] {
  const found = new Set<View>();
  if (names.length === 0) return [];
  for (let count = -1; count !== found.size; ) {
    count = found.size;
    const known = [...names, ...[...found].map(({ name }) => name)];
    for (const view of views) if (mentionsAny(view.definition, known, dialect)) found.add(view);
  }
  return views.filter((view) => found.has(view));
}
