import type { Options } from "../model.ts";

/** What a YAML file is made of, with the order of its keys. */
export type Value = string | boolean | readonly Value[] | ReadonlyMap<string, Value>;

/** A map of what is there: null, false, and what is empty is left out. */
export function section(
  entries: readonly (readonly [key: string, value: Value | null | undefined])[],
): ReadonlyMap<string, Value> {
  const kept = entries.filter((entry): entry is readonly [string, Value] => !isEmpty(entry[1]));
  return new Map(kept);
}

function isEmpty(value: Value | null | undefined): boolean {
  if (value === null || value === undefined || value === false || value === "") return true;
  if (value instanceof Map) return value.size === 0;
  return Array.isArray(value) && value.length === 0;
}

/** One value where it is alone, a list otherwise. */
export function oneOrList(values: readonly string[]): Value {
  const only = values[0];
  return values.length === 1 && only !== undefined ? only : values;
}

/**
 * Things with names as a map, or a list where one has no name: those that have one are maps of one
 * key in it.
 */
export function named<T extends { name?: string }>(
  things: readonly T[],
  valueOf: (thing: T) => Value,
): Value {
  if (things.every(({ name }) => name !== undefined)) {
    return new Map(things.map((thing) => [thing.name ?? "", valueOf(thing)]));
  }
  return things.map((thing) =>
    thing.name === undefined ? valueOf(thing) : new Map([[thing.name, valueOf(thing)]]),
  );
}

export function optionsValue(options: Options): Value {
  const entries = Object.entries(options).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return new Map(entries.map(([name, value]) => [name, value === "true" || value]));
}
