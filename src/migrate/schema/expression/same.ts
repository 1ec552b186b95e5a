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
  const [one, other] = [wordsOf(left, dialect), wordsOf(right, dialect)];
  return one !== null && other !== null && sameLists(one, other);
}

/**
 * Whether two SELECTs are the same, as far as that can be told from their words: a server writes
 * the table before each column, and gives columns the names they have anyway.
 */
export function sameSelect(left: string, right: string, dialect: Dialect): boolean {
  if (left === right) return true;
  const [one, other] = [wordsOf(left, dialect), wordsOf(right, dialect)];
  if (one === null || other === null) return false;
  // Casts of values count only where both have some: PostgreSQL adds them.
  const [bareOne, bareOther] = [withoutCasts(one), withoutCasts(other)];
  const oneHasNone = bareOne.length === one.length || bareOther.length === other.length;
  const [first, second] = oneHasNone ? [bareOne, bareOther] : [one, other];
  return sameLists(plainSelect(first), plainSelect(second));
}

/** Without `::numeric` after a value. */
function withoutCasts(words: readonly string[]): string[] {
  const isValue = (word = "") => /^['\d]/.test(word);
  return words.filter(
    (word, index) =>
      !(word === "::" && isValue(words[index - 1])) &&
      !(words[index - 1] === "::" && isValue(words[index - 2])),
  );
}

/** Texts differ from names by the apostrophe in front of them. */
function wordsOf(sql: string, dialect: Dialect): string[] | null {
  const tokens = tokenize(sql.replace(/;\s*$/, ""), dialect);
  return tokens?.map((token) => wordOf(token, dialect)) ?? null;
}

function wordOf({ kind, text }: Token, dialect: Dialect): string {
  if (kind === "string") return `'${text}`;
  return dialect === "postgres" && kind === "quoted" ? text : text.toLowerCase();
}

function sameLists(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((word, index) => word === other[index]);
}

/** Of a SELECT from one table, without that table before its columns. */
function plainSelect(words: readonly string[]): string[] {
  const named = words.filter((word, index) => {
    const isAlias = words[index - 1] === "as" || (word === "as" && index + 1 < words.length);
    const alias = word === "as" ? words[index + 1] : word;
    const before = word === "as" ? words[index - 1] : words[index - 2];
    return !(isAlias && alias === before);
  });
  const from = named.indexOf("from");
  const isSimple =
    from !== -1 &&
    named.lastIndexOf("select") === 0 &&
    !named.slice(from).some((word) => word === "join" || word === ",");
  if (!isSimple) return named;
  const table = named[from + 1];
  return named.filter(
    (word, index) =>
      !(word === table && named[index + 1] === ".") &&
      !(word === "." && named[index - 1] === table),
  );
}
