import type { Dialect } from "../../../database/address.ts";
import { parseExpression } from "./parse.ts";
import { type Token, tokenize } from "./tokens.ts";
import { type Tree, isCast } from "./tree.ts";

/**
 * Whether two expressions say the same, as far as known rules tell: parentheses, case, spelling,
 * IN and BETWEEN in their other forms, and casts that only one of them has, since PostgreSQL adds
 * them to what was written. Two different casts are a difference; so is all else in doubt.
 */
export function sameExpression(left: string, right: string, dialect: Dialect): boolean {
  if (left === right) return true;
  const one = parseExpression(left, dialect);
  const other = parseExpression(right, dialect);
  if (one !== null && other !== null) return sameTree(one, other);
  return sameWords(left, right, dialect);
}

export function sameOptionalExpression(
  left: string | undefined,
  right: string | undefined,
  dialect: Dialect,
): boolean {
  if (left === undefined || right === undefined) return left === right;
  return sameExpression(left, right, dialect);
}

function sameTree(left: Tree, right: Tree): boolean {
  if (isCast(left) !== isCast(right)) {
    const [cast, other] = isCast(left) ? [left, right] : [right, left];
    return cast.arguments[0] !== undefined && sameTree(cast.arguments[0], other);
  }
  if (left.operator !== right.operator) return false;
  if (left.arguments.length !== right.arguments.length) return false;
  return left.arguments.every((one, index) => {
    const other = right.arguments[index];
    return other !== undefined && sameTree(one, other);
  });
}

/** Whether two pieces of SQL are the same but for blanks, comments and the case of words. */
export function sameWords(left: string, right: string, dialect: Dialect): boolean {
  if (left === right) return true;
  const one = tokenize(left.replace(/;\s*$/, ""), dialect);
  const other = tokenize(right.replace(/;\s*$/, ""), dialect);
  if (one === null || other === null || one.length !== other.length) return false;
  return one.every((token, index) => {
    const twin = other[index];
    if (twin === undefined) return false;
    const isText = token.kind === "string" || twin.kind === "string";
    if (isText) return token.kind === twin.kind && token.text === twin.text;
    return wordOf(token, dialect) === wordOf(twin, dialect);
  });
}

function wordOf({ kind, text }: Token, dialect: Dialect): string {
  return dialect === "postgres" && kind === "quoted" ? text : text.toLowerCase();
}
