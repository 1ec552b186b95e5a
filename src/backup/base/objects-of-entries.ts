import { type Base, type KnownPage, noObject } from "./base.ts";

/** The numbers of the objects that the entries of a page refer to, without those of some of them. */
export function objectsOfEntries(
  { small, rarities }: Base,
  { first, count }: KnownPage,
  without: ReadonlySet<number>,
): Set<number> {
  const objects = new Set<number>();
  for (let entry = first; entry < first + count; entry += 1) {
    if (without.has(entry)) continue;
    const number = small[4 * entry + 3] ?? noObject;
    if (number !== noObject) objects.add(number);
    for (const chunk of rarities.get(entry)?.chunks ?? []) objects.add(chunk);
  }
  return objects;
}
