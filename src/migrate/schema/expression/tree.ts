/**
 * An expression without what does not change its meaning: parentheses, the case of words, the
 * spelling of operators. A leaf has no arguments: `name:email`, `number:5`, `string:x`.
 */
export interface Tree {
  operator: string;
  arguments: Tree[];
}

export function tree(operator: string, ...inner: Tree[]): Tree {
  return { operator, arguments: inner };
}

/** A cast to a type, as the server may add it to what was written. */
export function isCast(one: Tree): boolean {
  return one.operator.startsWith("cast:");
}

/** AND and OR with all their parts in one list. */
export function joined(operator: "and" | "or", left: Tree, right: Tree): Tree {
  const parts = [left, right].flatMap((one) => (one.operator === operator ? one.arguments : [one]));
  return tree(operator, ...parts);
}

/** `x IN (a, b)`; with one value it is a comparison, which is how PostgreSQL prints it. */
export function memberOf(value: Tree, list: Tree[], negated: boolean): Tree {
  const only = list.length === 1 ? list[0] : undefined;
  if (only !== undefined) return tree(negated ? "<>" : "=", value, only);
  return tree(negated ? "not in" : "in", value, ...list);
}

/** `= ANY (ARRAY[…])` and `<> ALL (ARRAY[…])` are how PostgreSQL prints IN and NOT IN. */
export function quantified(operator: string, word: string, left: Tree, right: Tree): Tree {
  const list = elementsOf(right);
  if (list !== null && word !== "all" && operator === "=") return memberOf(left, list, false);
  if (list !== null && word === "all" && operator === "<>") return memberOf(left, list, true);
  return tree(`${operator} ${word}`, left, right);
}

/** The elements of an array; a cast of the whole is one of each. */
function elementsOf(one: Tree): Tree[] | null {
  if (one.operator === "array") return one.arguments;
  const [inner] = one.arguments;
  if (!isCast(one) || inner === undefined) return null;
  const type = one.operator.slice("cast:".length).replace(/\[\]$/, "");
  return elementsOf(inner)?.map((element) => castTo(type, element)) ?? null;
}

const numeric = /^(smallint|integer|bigint|numeric|real|double precision)\b/;

/** A number that PostgreSQL prints as a text with a type, `'-1'::integer`, is that number. */
export function castTo(type: string, inner: Tree): Tree {
  const written = inner.operator;
  if (numeric.test(type) && /^string:-?\d+(\.\d+)?$/.test(written)) {
    return tree(written.replace(/^string:/, "number:"));
  }
  if (type === "boolean" && /^string:(t|true|f|false)$/.test(written)) {
    return tree(`word:${written.startsWith("string:t")}`);
  }
  return tree(`cast:${type}`, inner);
}

export function negative(inner: Tree): Tree {
  if (/^number:\d/.test(inner.operator)) return tree(inner.operator.replace(":", ":-"));
  return tree("negative", inner);
}
