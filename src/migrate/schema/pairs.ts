/** What two lists of things have in common, and what only one of them has. */
export interface Pairs<T> {
  both: [before: T, after: T][];
  removed: T[];
  added: T[];
}

/**
 * Pairs the things of two lists by what identifies them; those without, such as constraints of
 * SQLite without a name, by being the same.
 */
export function pair<T>(
  before: readonly T[],
  after: readonly T[],
  identityOf: (thing: T) => string | undefined,
  isSame: (one: T, other: T) => boolean,
): Pairs<T> {
  const left = [...after];
  const both: [T, T][] = [];
  const removed: T[] = [];
  for (const thing of before) {
    const identity = identityOf(thing);
    const index = left.findIndex((other) => {
      if (identityOf(other) !== identity) return false;
      return identity !== undefined || isSame(thing, other);
    });
    const [twin] = index === -1 ? [] : left.splice(index, 1);
    if (twin === undefined) removed.push(thing);
    else both.push([thing, twin]);
  }
  return { both, removed, added: left };
}

/** Pairs things by their names. */
export function pairByName<T extends { name: string }>(
  before: readonly T[],
  after: readonly T[],
): Pairs<T> {
  const left = new Map(after.map((thing) => [thing.name, thing]));
  const both: [T, T][] = [];
  const removed: T[] = [];
  for (const thing of before) {
    const twin = left.get(thing.name);
    if (twin === undefined) removed.push(thing);
    else both.push([thing, twin]);
    left.delete(thing.name);
  }
  return { both, removed, added: [...left.values()] };
}

/** Takes out of both lists what is the same thing under another name. */
export function takeTwins<T>(
  removed: T[],
  added: T[],
  isTwin: (one: T, other: T) => boolean,
): [before: T, after: T][] {
  const twins: [T, T][] = [];
  for (const one of removed.slice()) {
    const twin = added.find((other) => isTwin(one, other));
    if (twin === undefined) continue;
    twins.push([one, twin]);
    removed.splice(removed.indexOf(one), 1);
    added.splice(added.indexOf(twin), 1);
  }
  return twins;
}
