import { VectorError } from "../vector-error.ts";
import type { Condition, Path, Range, Value } from "./condition.ts";

const most = { depth: 8, conditions: 100, values: 1000, path: 8 };

const form =
  'A filter is {"field": PATH, "equals": VALUE}, {"field": PATH, "in": [VALUE, …]}, ' +
  '{"field": PATH, "range": {"gt"|"gte"|"lt"|"lte": BOUND}}, {"field": PATH, "exists": true|false}, ' +
  '{"and": [FILTER, …]}, {"or": [FILTER, …]} or {"not": FILTER}.';

/**
 * Reads the JSON form of a filter:
 * - `{"field": "lang", "equals": "en"}`: text, number, true, false or null, of the same type;
 * - `{"field": "lang", "in": ["en", "de"]}`: equals one of them;
 * - `{"field": "year", "range": {"gte": 1990, "lt": 2000}}`: numbers with numbers, texts with texts
 *   in the order of their UTF-16 code units (so dates in ISO 8601 work);
 * - `{"field": "author.name", "exists": true}`: present, null included; false: absent;
 * - `{"and": […]}`, `{"or": […]}`, `{"not": …}`.
 * A path has a dot between keys, or is a list of keys where a key has a dot itself. A list in the
 * metadata meets a condition when one of its elements does. What is absent or of another type meets
 * neither `equals`, `in` nor `range`, and so does meet their `not`.
 * @throws VectorError `vector.filter` naming the place
 */
export function parseFilter(given: unknown): Condition {
  return new FilterReader().read(given, "filter", 1);
}

class FilterReader {
  private conditions = 0;

  read(given: unknown, place: string, depth: number): Condition {
    if (!isObject(given)) throw malformed(place, "is no object");
    if (depth > most.depth) throw malformed(place, `is more than ${most.depth} levels deep`);
    this.conditions += 1;
    if (this.conditions > most.conditions) {
      throw malformed(place, `is one condition more than ${most.conditions}`);
    }
    const keys = Object.keys(given);
    if (keys.includes("field")) return readLeaf(given, place);
    const [key] = keys;
    if (keys.length !== 1 || (key !== "and" && key !== "or" && key !== "not")) {
      throw malformed(place, 'needs "field" with one operator, or one of "and", "or", "not" alone');
    }
    const inner = given[key];
    if (key === "not") {
      return { kind: "not", condition: this.read(inner, `${place}.not`, depth + 1) };
    }
    if (!Array.isArray(inner) || inner.length === 0) {
      throw malformed(`${place}.${key}`, "is no list with at least one condition");
    }
    const conditions = inner.map((one: unknown, index) =>
      this.read(one, `${place}.${key}[${index}]`, depth + 1),
    );
    return { kind: key, conditions };
  }
}

function readLeaf(given: Record<string, unknown>, place: string): Condition {
  const path = readPath(given["field"], `${place}.field`);
  const operators = Object.keys(given).filter((key) => key !== "field");
  const [operator] = operators;
  if (operator === undefined || operators.length > 1) {
    throw malformed(place, 'needs one operator beside "field"');
  }
  const operand = given[operator];
  const inner = `${place}.${operator}`;
  if (operator === "equals") return { kind: "equals", path, value: readValue(operand, inner) };
  if (operator === "in") return { kind: "in", path, values: readValues(operand, inner) };
  if (operator === "range") return { kind: "range", path, range: readRange(operand, inner) };
  if (operator === "exists") {
    if (typeof operand !== "boolean") throw malformed(inner, "is neither true nor false");
    return { kind: "exists", path, exists: operand };
  }
  throw malformed(place, `has the operator ${quote(operator)}, which does not exist`);
}

function readPath(given: unknown, place: string): Path {
  const keys: unknown[] = typeof given === "string" ? given.split(".") : asList(given);
  const isPath = keys.every((key): key is string => typeof key === "string" && key !== "");
  if (!isPath || keys.length === 0) throw malformed(place, "is no path of keys");
  if (keys.length > most.path) throw malformed(place, `has more than ${most.path} keys`);
  return keys;
}

function readValue(given: unknown, place: string): Value {
  const isPlain = given === null || ["string", "number", "boolean"].includes(typeof given);
  if (!isPlain) throw malformed(place, "is no text, number, true, false or null");
  if (typeof given === "number" && !Number.isFinite(given)) {
    throw malformed(place, "is no finite number");
  }
  return given as Value;
}

function readValues(given: unknown, place: string): Value[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw malformed(place, "is no list with at least one value");
  }
  if (given.length > most.values) throw malformed(place, `has more than ${most.values} values`);
  return given.map((value, index) => readValue(value, `${place}[${index}]`));
}

const ends = ["gt", "gte", "lt", "lte"];

function readRange(given: unknown, place: string): Range {
  if (!isObject(given)) throw malformed(place, "is no object");
  const keys = Object.keys(given);
  const unknown = keys.find((key) => !ends.includes(key));
  if (unknown !== undefined)
    throw malformed(place, `has the end ${quote(unknown)}, not gt, gte, lt or lte`);
  if (keys.length === 0) throw malformed(place, "has neither gt, gte, lt nor lte");
  if (keys.includes("gt") && keys.includes("gte")) throw malformed(place, "has both gt and gte");
  if (keys.includes("lt") && keys.includes("lte")) throw malformed(place, "has both lt and lte");
  for (const key of keys) {
    const value = readValue(given[key], `${place}.${key}`);
    if (typeof value !== "number" && typeof value !== "string") {
      throw malformed(`${place}.${key}`, "is neither a number nor a text");
    }
  }
  const types = new Set(keys.map((key) => typeof given[key]));
  if (types.size > 1) throw malformed(place, "compares with a number and with a text");
  return given;
}

function asList(given: unknown): unknown[] {
  return Array.isArray(given) ? given : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function quote(word: string): string {
  return JSON.stringify(word.slice(0, 40));
}

function malformed(place: string, what: string): VectorError {
  return new VectorError("vector.filter", `${place.slice(0, 200)} ${what}.`, form);
}
