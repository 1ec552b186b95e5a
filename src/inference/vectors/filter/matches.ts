import type { Condition, Path, Range, Value } from "./condition.ts";

/** Does the metadata meet the condition? See `parseFilter` for what each means. */
export function matches(condition: Condition, metadata: unknown): boolean {
  switch (condition.kind) {
    case "and":
      return condition.conditions.every((one) => matches(one, metadata));
    case "or":
      return condition.conditions.some((one) => matches(one, metadata));
    case "not":
      return !matches(condition.condition, metadata);
    case "exists":
      return (valueAt(metadata, condition.path) !== undefined) === condition.exists;
    case "equals":
      return someElement(valueAt(metadata, condition.path), (value) => value === condition.value);
    case "in": {
      const { values } = condition;
      return someElement(valueAt(metadata, condition.path), (value) =>
        values.includes(value as Value),
      );
    }
    case "range":
      return someElement(valueAt(metadata, condition.path), (value) =>
        isWithin(value, condition.range),
      );
  }
}

/** Undefined where a key is absent; keys are the object's own, whatever they are called. */
function valueAt(metadata: unknown, path: Path): unknown {
  let value = metadata;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function someElement(value: unknown, test: (element: unknown) => boolean): boolean {
  return Array.isArray(value) ? value.some(test) : test(value);
}

function isWithin(value: unknown, range: Range): boolean {
  const { gt, gte, lt, lte } = range;
  const type = typeof (gt ?? gte ?? lt ?? lte);
  if (typeof value !== type) return false;
  const compared = value as number;
  return (
    (gt === undefined || compared > (gt as number)) &&
    (gte === undefined || compared >= (gte as number)) &&
    (lt === undefined || compared < (lt as number)) &&
    (lte === undefined || compared <= (lte as number))
  );
}
